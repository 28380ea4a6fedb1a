import { engineOf } from "./engines.ts";
import { methodOf } from "./methods.ts";
import { authOf, type Call, done, type Json, msOf, newToken, nothing, type Reply, textAt } from "./space.ts";

/** Said with this status, as if it were a fault of the server. */
const pastIt: Reply = { status: 500, errors: ["past the max TTL, cannot renew"] };

export const notWrapping: Reply = { status: 400, errors: ["wrapping token is not valid or does not exist"] };

/** `sys/`: mounts, methods, policies, leases, wrapping. */
export function system(call: Call): Reply {
  const { method, path, body, space, token, now } = call;
  const [what, ...rest] = path.split("/");
  const name = rest.join("/");
  if (what === "mounts") {
    const version = textAt((body["options"] ?? {}) as Json, "version", "1");
    const type = textAt(body, "type").replace(/^kv-v2$/, "kv");
    const engine = engineOf(type, body["type"] === "kv-v2" ? "2" : version, name);
    if (!engine) return { status: 400, errors: [`unknown engine: ${type}`] };
    space.mounts.set(name, { type, version: body["type"] === "kv-v2" ? "2" : version, engine });
    return done;
  }
  if (what === "auth") {
    const engine = methodOf(textAt(body, "type"), name);
    if (!engine) return { status: 400, errors: ["unknown method"] };
    space.methods.set(name, engine);
    return done;
  }
  if (what === "policies") {
    space.policies.set(name.replace(/^acl\//, ""), textAt(body, "policy"));
    return done;
  }
  if (what === "internal" && name.startsWith("ui/mounts/")) {
    const asked = name.slice("ui/mounts/".length);
    const mount = [...space.mounts.entries()].find(([at]) => asked.startsWith(`${at}/`));
    if (!mount || !seesSomethingOf(call, mount[0])) {
      return { status: 403, errors: ["preflight capability check returned 403"] };
    }
    const [at, { type, version }] = mount;
    return { status: 200, data: { type, path: `${at}/`, options: { version } } };
  }
  if (what === "wrapping" && name === "unwrap") {
    const { wrapped } = token;
    if (!wrapped) return notWrapping;
    space.tokens.delete(token.id);
    return { status: 200, data: wrapped };
  }
  if (what === "wrapping" && name === "lookup") {
    const wrapping = space.tokens.get(textAt(body, "token"));
    if (!wrapping?.wrapped || wrapping.endsMs <= now()) return notWrapping;
    return { status: 200, data: { creation_path: wrapping.path, creation_ttl: wrapping.ttlMs / 1000 } };
  }
  if (what !== "leases") return nothing;
  if (method === "LIST") {
    const under = name.replace(/^lookup\//, "");
    const alive = [...space.leases.values()].filter(
      ({ id, endsMs, token: by }) => id.startsWith(under) && endsMs > now() && space.tokens.has(by.id),
    );
    return alive.length === 0
      ? nothing
      : { status: 200, data: { keys: alive.map(({ id }) => id.slice(under.length + 1)) } };
  }
  const lease = space.leases.get(textAt(body, "lease_id"));
  const gone = !lease || lease.endsMs <= now() || !space.tokens.has(lease.token.id);
  if (name === "lookup") {
    if (gone) return { status: 400, errors: ["invalid lease"] };
    return { status: 200, data: { id: lease.id, ttl: Math.round((lease.endsMs - now()) / 1000), renewable: true } };
  }
  if (name === "renew") {
    if (gone) return { status: 400, errors: ["lease not found"] };
    if (lease.maxEndsMs - now() < 500) return pastIt;
    lease.endsMs = Math.min(now() + lease.ttlMs, lease.maxEndsMs);
    return { status: 200, data: null, lease: { id: lease.id, durationMs: lease.endsMs - now(), renewable: true } };
  }
  if (name === "revoke" && method !== "GET") {
    space.leases.delete(textAt(body, "lease_id"));
    return done;
  }
  return nothing;
}

/** A mount is shown to whoever may do anything below it. */
function seesSomethingOf({ space, token }: Call, mount: string): boolean {
  if (token.policies.includes("root")) return true;
  return token.policies.some((name) => (space.policies.get(name) ?? "").includes(`path "${mount}/`));
}

/** `auth/token/`: tokens themselves. */
export function tokens(call: Call): Reply {
  const { method, path, body, space, token, now } = call;
  const remaining = Math.max(0, Math.round((token.endsMs - now()) / 1000));
  if (path === "lookup-self" && method === "GET") {
    const { id, accessor, policies, renewable, ttlMs } = token;
    const ends = Number.isFinite(token.endsMs);
    const data = { id, accessor, policies, path: token.path, type: "service" };
    return {
      status: 200,
      data: { ...data, ttl: ends ? remaining : 0, creation_ttl: ends ? ttlMs / 1000 : 0, renewable: renewable && ends },
    };
  }
  if (path === "renew-self") {
    if (!token.renewable) return { status: 400, errors: ["lease is not renewable"] };
    if (token.maxEndsMs - now() < 500) return pastIt;
    token.endsMs = Math.min(now() + token.ttlMs, token.maxEndsMs);
    return { status: 200, auth: authOf(token, now()) };
  }
  if (path === "revoke-self") {
    space.tokens.delete(token.id);
    return done;
  }
  if (path === "create") {
    const policies = ["default", ...((body["policies"] ?? []) as string[])];
    const maxTtlMs = msOf(body["explicit_max_ttl"]);
    const terms = { policies, ttlMs: msOf(body["ttl"]) || 2_764_800_000, path: "auth/token/create" };
    const made = newToken(space, { ...terms, maxTtlMs, renewable: body["renewable"] !== false }, now());
    return { status: 200, auth: authOf(made, now()) };
  }
  if (path === "revoke-accessor") {
    for (const one of space.tokens.values()) if (one.accessor === body["accessor"]) space.tokens.delete(one.id);
    return done;
  }
  if (path === "accessors" && method === "LIST") {
    const alive = [...space.tokens.values()].filter(({ endsMs }) => endsMs > now());
    return { status: 200, data: { keys: alive.map(({ accessor }) => accessor) } };
  }
  return nothing;
}

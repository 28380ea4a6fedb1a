import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { done, type Engine, type Json, msOf, nothing, randomName, type Reply, textAt } from "./space.ts";

/** The engines that can be mounted: `type`, and the version of `kv`. */
export function engineOf(type: string, version: string, path: string): Engine | undefined {
  if (type === "kv") return version === "2" ? versioned() : plain();
  if (type === "transit") return transit();
  if (type === "rabbitmq") return dynamic(path);
  return undefined;
}

/** Key-value, version 1: what was written last. */
function plain(): Engine {
  const entries = new Map<string, Json>();
  return ({ method, path, body }) => {
    if (method === "GET") {
      const data = entries.get(path);
      return data ? { status: 200, data, lease: { id: "", durationMs: 2_764_800_000, renewable: false } } : nothing;
    }
    if (method === "DELETE") entries.delete(path);
    else entries.set(path, body);
    return done;
  };
}

/** Key-value, version 2: each version, and the deleted ones with a 404 that has a body. */
function versioned(): Engine {
  const entries = new Map<string, { data: Json | null; deleted: string; version: number; created: string }>();
  return ({ method, path, body, now }) => {
    if (!path.startsWith("data/")) return nothing;
    const name = path.slice("data/".length);
    const last = entries.get(name);
    const time = new Date(now()).toISOString();
    if (method === "DELETE") {
      if (last) entries.set(name, { ...last, data: null, deleted: time });
      return done;
    }
    if (method !== "GET") {
      const version = (last?.version ?? 0) + 1;
      entries.set(name, { data: (body["data"] ?? {}) as Json, deleted: "", version, created: time });
      return { status: 200, data: metadata(version, time, "") };
    }
    if (!last) return nothing;
    const data = { data: last.data, metadata: metadata(last.version, last.created, last.deleted) };
    return { status: last.data ? 200 : 404, data };
  };
}

function metadata(version: number, created: string, deleted: string): Json {
  return { created_time: created, custom_metadata: null, deletion_time: deleted, destroyed: false, version };
}

/** Encryption as a service, AES-256-GCM. */
function transit(): Engine {
  const keys = new Map<string, Buffer>();
  return ({ path, body }) => {
    const [what, name = ""] = path.split("/");
    const key = keys.get(name) ?? randomBytes(32);
    keys.set(name, key);
    const bound = Buffer.from(textAt(body, "associated_data"), "base64");
    if (what === "encrypt") {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 }).setAAD(bound);
      const sealed = [cipher.update(textAt(body, "plaintext"), "base64"), cipher.final(), cipher.getAuthTag()];
      const ciphertext = `vault:v1:${Buffer.concat([nonce, ...sealed]).toString("base64")}`;
      return { status: 200, data: { ciphertext, key_version: 1 } };
    }
    if (what !== "decrypt") return { status: 200, data: { name, type: "aes256-gcm96", latest_version: 1 } };
    try {
      const bytes = Buffer.from(textAt(body, "ciphertext").replace(/^vault:v1:/, ""), "base64");
      const opened = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 }).setAAD(bound);
      opened.setAuthTag(bytes.subarray(-16));
      const text = Buffer.concat([opened.update(bytes.subarray(12, -16)), opened.final()]).toString("base64");
      return { status: 200, data: { plaintext: text } };
    } catch {
      return { status: 400, errors: ["cipher: message authentication failed"] };
    }
  };
}

/** Users of something that Vault makes for a time, as the engine for RabbitMQ does (and asks no RabbitMQ). */
function dynamic(mount: string): Engine {
  const roles = new Set<string>();
  let terms = { ttlMs: 3_600_000, maxTtlMs: 86_400_000 };
  return ({ method, path, body, space, token, now }): Reply => {
    const [what, name = ""] = path.split("/");
    if (what === "config" && name === "lease") {
      terms = { ttlMs: msOf(body["ttl"]), maxTtlMs: msOf(body["max_ttl"]) };
      return done;
    }
    if (what === "config") return done;
    if (what === "roles") {
      roles.add(name);
      return done;
    }
    if (method !== "GET" || what !== "creds") return nothing;
    if (!roles.has(name)) return { status: 400, errors: [`unknown role: ${name}`] };
    const id = `${mount}/${path}/${randomName()}`;
    const { ttlMs, maxTtlMs } = terms;
    const nowMs = now();
    const lease = {
      id,
      path,
      token,
      ttlMs,
      maxEndsMs: nowMs + maxTtlMs,
      endsMs: Math.min(nowMs + ttlMs, token.endsMs),
    };
    space.leases.set(id, lease);
    return {
      status: 200,
      data: { username: `token-${randomName()}`, password: randomName() },
      lease: { id, durationMs: lease.endsMs - nowMs, renewable: true },
    };
  };
}

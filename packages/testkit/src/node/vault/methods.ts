import { randomUUID } from "node:crypto";
import { authOf, denied, done, type Engine, type Json, msOf, newToken, nothing, textAt } from "./space.ts";

/** The methods of logging in that can be enabled. */
export function methodOf(type: string, mount: string): Engine | undefined {
  if (type === "approle") return appRole(mount);
  if (type === "kubernetes") return kubernetes(mount);
  return undefined;
}

function policiesOf(role: Json): readonly string[] {
  return ["default", ...textAt(role, "token_policies").split(",").filter(Boolean)];
}

function termsOf(
  role: Json,
  mount: string,
): { policies: readonly string[]; ttlMs: number; maxTtlMs: number; path: string } {
  const maxTtlMs = msOf(role["token_max_ttl"]);
  const ttlMs = msOf(role["token_ttl"]) || 2_764_800_000;
  return {
    policies: policiesOf(role),
    ttlMs: maxTtlMs ? Math.min(ttlMs, maxTtlMs) : ttlMs,
    maxTtlMs,
    path: `auth/${mount}/login`,
  };
}

function appRole(mount: string): Engine {
  const roles = new Map<
    string,
    { readonly settings: Json; readonly roleId: string; readonly secretIds: Map<string, number> }
  >();
  return ({ method, path, body, space, now }) => {
    const [what, name = "", part] = path.split("/");
    if (what === "login") {
      if (body["role_id"] === undefined) return { status: 500, errors: ["missing role_id"] };
      const role = [...roles.values()].find(({ roleId }) => roleId === body["role_id"]);
      const secretId = textAt(body, "secret_id");
      const left = role?.secretIds.get(secretId);
      if (!role || (role.settings["bind_secret_id"] !== false && left === undefined)) {
        return { status: 400, errors: ["invalid role or secret ID"] };
      }
      if (left === 1) role.secretIds.delete(secretId);
      else if (left) role.secretIds.set(secretId, left - 1);
      return { status: 200, auth: authOf(newToken(space, termsOf(role.settings, mount), now()), now()) };
    }
    if (what !== "role") return nothing;
    const role = roles.get(name);
    if (part === undefined) {
      roles.set(name, {
        settings: body,
        roleId: role?.roleId ?? randomUUID(),
        secretIds: role?.secretIds ?? new Map(),
      });
      return done;
    }
    if (!role) return nothing;
    if (part === "role-id" && method === "GET") return { status: 200, data: { role_id: role.roleId } };
    if (part !== "secret-id") return nothing;
    const secretId = randomUUID();
    role.secretIds.set(secretId, Number(role.settings["secret_id_num_uses"] ?? 0));
    return { status: 200, data: { secret_id: secretId, secret_id_accessor: randomUUID(), secret_id_ttl: 0 } };
  };
}

/** Asks a TokenReview of whatever is configured as the API server, as the real one does. */
function kubernetes(mount: string): Engine {
  const roles = new Map<string, Json>();
  let host = "";
  return async ({ path, body, space, now }) => {
    const [what, name = ""] = path.split("/");
    if (what === "config") {
      host = textAt(body, "kubernetes_host");
      return done;
    }
    if (what === "role") {
      roles.set(name, body);
      return done;
    }
    if (what !== "login") return nothing;
    const role = roles.get(textAt(body, "role"));
    if (!role) return { status: 400, errors: [`invalid role name "${textAt(body, "role")}"`] };
    if (textAt(body, "jwt").split(".").length !== 3) return { status: 400, errors: ["error parsing the token"] };
    const review = await fetch(`${host}/apis/authentication.k8s.io/v1/tokenreviews`, {
      method: "POST",
      body: JSON.stringify({ spec: { token: body["jwt"] } }),
    });
    const { status } = (await review.json()) as { readonly status: Review };
    const account = `system:serviceaccount:${textAt(role, "bound_service_account_namespaces")}:${textAt(role, "bound_service_account_names")}`;
    const audience = textAt(role, "audience");
    const forUs = audience === "" || status.audiences?.includes(audience) === true;
    if (!status.authenticated || !forUs || status.user?.username !== account) return denied;
    return { status: 200, auth: authOf(newToken(space, termsOf(role, mount), now()), now()) };
  };
}

/** What an API server says of a token. */
interface Review {
  readonly authenticated?: boolean;
  readonly audiences?: readonly string[];
  readonly user?: { readonly username: string };
}

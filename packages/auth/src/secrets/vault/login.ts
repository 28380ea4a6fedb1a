import { ExportError } from "@otlpkit/core";
import { file } from "../file.ts";
import { fixed } from "../fixed.ts";
import type { Secret } from "../secret.ts";
import type { SecretSource } from "../secret-source.ts";
import { vaultPath } from "./address.ts";
import type { Ask } from "./ask.ts";
import { durationAt, objectAt, secretAt } from "./fields.ts";

/** A token of Vault and how long it lasts. */
export interface VaultToken {
  readonly value: Secret;
  /** How long it is good from now on, in ms; 0: for ever. */
  readonly leaseMs: number;
  readonly renewable: boolean;
}

/** A way to get a token. Make one with `vaultToken`, `appRole` or `kubernetes`. */
export interface VaultLogin {
  /** For messages: "AppRole". */
  readonly name: string;
  /** Whether its tokens are made for us, and revoked when we close. */
  readonly owns: boolean;
  logIn(ask: Ask, signal: AbortSignal): Promise<VaultToken>;
}

/** A secret, or where it comes from. */
export type SecretOrSource = string | Secret | SecretSource;

/** A token that somebody else has got: given to us, or kept in a file by an agent. It is read anew when it ends. */
export function vaultToken(token: SecretOrSource): VaultLogin {
  const source = sourceOf(token);
  return {
    name: "token",
    owns: false,
    async logIn(ask, signal) {
      const value = await source.get(signal);
      const asked = { method: "GET", path: "auth/token/lookup-self", token: value } as const;
      const data = objectAt(await refused("token", ask(asked, signal)), "data", asked.path);
      return { value, leaseMs: durationAt(data, "ttl"), renewable: data["renewable"] === true };
    },
  };
}

export interface AppRoleOptions {
  readonly roleId: SecretOrSource;
  /** Absent for roles that need none. */
  readonly secretId?: SecretOrSource;
  /**
   * `secretId` is a wrapping token that the secret id can be had for once (response wrapping). Default false. Where it was
   * used before us, the login fails and says so: somebody else may have the secret id.
   */
  readonly wrapped?: boolean;
  /** Where the method is mounted. Default "approle". */
  readonly mount?: string;
}

/** AppRole: for programs on machines that nothing else vouches for. */
export function appRole(options: AppRoleOptions): VaultLogin {
  const { roleId, secretId, wrapped = false, mount = "approle" } = options;
  const role = sourceOf(roleId);
  const given = secretId === undefined ? undefined : sourceOf(secretId);
  let unwrapped: { readonly by: Secret; readonly value: Secret } | undefined;

  async function secretIdNow(ask: Ask, signal: AbortSignal): Promise<Secret | undefined> {
    const value = await given?.get(signal);
    if (!value || !wrapped) return value;
    if (unwrapped?.by.equals(value)) return unwrapped.value;
    unwrapped = { by: value, value: await unwrap(ask, value, mount, signal) };
    return unwrapped.value;
  }

  return {
    name: "AppRole",
    owns: true,
    async logIn(ask, signal) {
      const role_id = (await role.get(signal)).reveal();
      const secret_id = (await secretIdNow(ask, signal))?.reveal();
      return tokenFor("AppRole", ask, `auth/${vaultPath(mount)}/login`, { role_id, secret_id }, signal);
    },
  };
}

export interface KubernetesLoginOptions {
  /** The role of Vault that the service account may have. */
  readonly role: string;
  /**
   * The token of the service account; read anew for each login, because the kubelet replaces it. Default: the file that
   * Kubernetes mounts. Better is one that is projected with Vault as its audience.
   */
  readonly jwt?: SecretOrSource;
  /** Where the method is mounted. Default "kubernetes". */
  readonly mount?: string;
}

/** The service account of the pod. */
export function kubernetes(options: KubernetesLoginOptions): VaultLogin {
  const { role, mount = "kubernetes", jwt = file("/var/run/secrets/kubernetes.io/serviceaccount/token") } = options;
  const source = sourceOf(jwt);
  return {
    name: "Kubernetes",
    owns: true,
    async logIn(ask, signal) {
      const body = { role, jwt: (await source.get(signal)).reveal() };
      return tokenFor("Kubernetes", ask, `auth/${vaultPath(mount)}/login`, body, signal);
    },
  };
}

async function tokenFor(name: string, ask: Ask, path: string, body: object, signal: AbortSignal): Promise<VaultToken> {
  // Not repeated when nobody knows whether it arrived: a secret id may be good for a number of logins only.
  const answer = await refused(name, ask({ method: "POST", path, body, repeat: false }, signal));
  const auth = objectAt(answer, "auth", path);
  return {
    value: secretAt(auth, "client_token", path),
    leaseMs: durationAt(auth, "lease_duration"),
    renewable: auth["renewable"] === true,
  };
}

async function unwrap(ask: Ask, token: Secret, mount: string, signal: AbortSignal): Promise<Secret> {
  const lookup = { method: "POST", path: "sys/wrapping/lookup", token, body: { token: token.reveal() } } as const;
  const asked = { method: "POST", path: "sys/wrapping/unwrap", token, repeat: false } as const;
  try {
    // Somebody who has used it could have wrapped something of their own in its place.
    const { creation_path: from } = objectAt(await ask(lookup, signal), "data", lookup.path);
    if (typeof from !== "string" || !from.startsWith(`auth/${mount}/role/`) || !from.endsWith("/secret-id")) {
      throw new ExportError("invalid", "what is wrapped was not made as a secret id");
    }
    return secretAt(objectAt(await ask(asked, signal), "data", asked.path), "secret_id", asked.path);
  } catch (error) {
    if (!ExportError.is(error) || error.retryable || error.code === "cancelled") throw error;
    throw new ExportError(
      "unauthenticated",
      "cannot unwrap the secret id for AppRole: its wrapping token is not valid, has expired, or was used before; if it was not you, somebody else has the secret id, so revoke it",
      { cause: error },
    );
  }
}

/** Who is refused at the door is not authenticated, whatever the status. */
async function refused<Value>(name: string, answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (error) {
    if (!ExportError.is(error) || (error.code !== "forbidden" && error.code !== "invalid")) throw error;
    throw new ExportError(
      "unauthenticated",
      `Vault does not accept the ${name} login; check credentials, role and mount`,
      {
        cause: error,
      },
    );
  }
}

function sourceOf(value: SecretOrSource): SecretSource {
  return typeof value === "object" && "get" in value ? value : fixed(value);
}

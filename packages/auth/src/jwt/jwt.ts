import { randomUUID } from "node:crypto";
import type { CredentialProvider } from "@otlpkit/core";
import { SignJWT } from "jose";
import type { JwtKeys } from "./jwt-keys.ts";

/** Options of {@link jwt}. */
export interface JwtOptions {
  readonly keys: JwtKeys;
  /** `iss`: who we are, as far as tokens go. */
  readonly issuer: string;
  /** `aud`: for whom they are. */
  readonly audience: string | readonly string[];
  /** `sub`. Default: the issuer. */
  readonly subject?: string;
  /** Further claims: a tenant, scopes. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** How long a token is good, in ms. Default 600,000. */
  readonly lifetimeMs?: number;
  /** `typ` in the header. Default "JWT"; "at+jwt" for access tokens (RFC 9068). */
  readonly type?: string;
  /** For tests: ms since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * Tokens that we sign ourselves, as `Authorization: Bearer`. One is used for four fifths of its time, unless the key changes
 * before or the far side refuses it.
 */
export function jwt(options: JwtOptions): CredentialProvider {
  const { keys, lifetimeMs = 600_000, now = Date.now } = options;
  let held: { readonly token: Promise<string>; readonly keyId: string; readonly untilMs: number } | undefined;

  return {
    async headers() {
      const nowMs = now();
      const { id } = keys.current(nowMs);
      if (held === undefined || nowMs >= held.untilMs || held.keyId !== id) {
        const token = issueJwt(options);
        const signed = { token, keyId: id, untilMs: nowMs + lifetimeMs * 0.8 };
        held = signed;
        token.catch(() => {
          // Whoever asked is told; the next one lets it be signed anew.
          if (held === signed) held = undefined;
        });
      }
      return { authorization: `Bearer ${await held.token}` };
    },
    invalidate() {
      held = undefined;
    },
  };
}

/** Signs one token, with an id of its own (`jti`). */
export async function issueJwt(options: JwtOptions): Promise<string> {
  const { keys, issuer, audience, subject = issuer, claims = {}, lifetimeMs = 600_000, type = "JWT" } = options;
  const nowMs = (options.now ?? Date.now)();
  const { id, algorithm, key } = keys.current(nowMs);
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT({ ...claims, jti: randomUUID() })
    .setProtectedHeader({ alg: algorithm, kid: id, typ: type })
    .setIssuer(issuer)
    .setSubject(subject)
    .setAudience(typeof audience === "string" ? audience : [...audience])
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + Math.ceil(lifetimeMs / 1000))
    .sign(key);
}

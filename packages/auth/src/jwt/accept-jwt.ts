import { type Authenticator, type Caller, ExportError, type Knock } from "@otlpkit/core";
import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from "jose";
import { httpsFetch, type HttpsOptions } from "../https-fetch.ts";
import { credentialsIn, refused } from "../accept/refused.ts";
import { type KeySource, keySet } from "./key-set.ts";

/** Options of {@link acceptJwt}. */
export interface AcceptJwtOptions {
  /** Who must have issued the token (`iss`), exactly. */
  readonly issuer: string;
  /** For whom it must be (`aud`): one of these. */
  readonly audience: string | readonly string[];
  /** Where the issuer's keys are. Default: what its discovery document says. */
  readonly keys?: KeySource | { readonly kind: "secret"; readonly secret: string | Uint8Array };
  /**
   * Algorithms that a token may be signed with. Default RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512,
   * EdDSA, Ed25519; with a secret HS256, HS384, HS512. The two kinds can't be mixed, and "none" is none.
   */
  readonly algorithms?: readonly string[];
  /** How far clocks may differ, in ms. Default 30,000. */
  readonly clockToleranceMs?: number;
  /** A token that was issued longer ago is refused even if it has not ended, in ms. Default: no such limit. */
  readonly maxAgeMs?: number;
  /** What `typ` must be, such as "at+jwt" (RFC 9068). Default: anything. */
  readonly type?: string;
  /** Scopes that the token must have; otherwise the answer is "forbidden". */
  readonly scopes?: readonly string[];
  /** The claim that names the caller. Default "sub", and "client_id" where there is none. */
  readonly nameClaim?: string;
  /** The claim that names the tenant. Default: none does. */
  readonly tenantClaim?: string;
  /** The header that it stands in, behind "Bearer". Default "authorization". */
  readonly header?: string;
  /** How to reach the place of the keys. */
  readonly https?: HttpsOptions;
  /** Keys are looked up again after so many ms. Default 600,000; a file's 5,000. */
  readonly cacheMs?: number;
  /** And for a key that nobody knows no more often than this. Default 30,000; in a file 1,000. */
  readonly cooldownMs?: number;
  /** A token that was found good is taken for good for so long, or until it ends, in ms. Default 60,000; 0: checked each time. */
  readonly rememberMs?: number;
  /** For tests: ms since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

const asymmetric = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const symmetric = ["HS256", "HS384", "HS512"];
/** Longer is no token, and costs nothing. */
const maxTokenCharacters = 16 * 1024;
const maxRemembered = 1000;

/**
 * Lets in whoever shows a JSON Web Token (RFC 7519) that the issuer has signed, for us, and that has not ended. `exp` and
 * `aud` are required; keys that a token brings itself (`jwk`, `jku`, `x5u`) are not looked at. The other side learns only
 * that it is not let in; what was wrong is the `cause` of the error.
 *
 * @throws TypeError, at once, for algorithms that do not go with the kind of key
 */
export function acceptJwt(options: AcceptJwtOptions): Authenticator {
  const { issuer, audience, keys = { kind: "discovered" }, header = "authorization", now = Date.now } = options;
  const known = keys.kind === "secret" ? symmetric : asymmetric;
  const algorithms = [...(options.algorithms ?? known)];
  const strange = algorithms.filter((algorithm) => !known.includes(algorithm));
  if (strange.length > 0) {
    throw new TypeError(
      `${strange.join(", ")} can't be accepted with ${keys.kind === "secret" ? "a secret" : "public keys"}; known: ${known.join(", ")}`,
    );
  }
  const inFile = keys.kind === "file";
  const find: JWTVerifyGetKey | Uint8Array =
    keys.kind === "secret"
      ? bytesOf(keys.secret)
      : keySet({
          issuer,
          source: keys,
          fetch: httpsFetch(options.https),
          cacheMs: options.cacheMs ?? (inFile ? 5000 : 600_000),
          cooldownMs: options.cooldownMs ?? (inFile ? 1000 : 30_000),
          now,
        });
  const rememberMs = options.rememberMs ?? 60_000;
  const remembered = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();

  async function check(token: string): Promise<{ caller: Caller; endsMs: number }> {
    // Two calls, because the library tells keys and functions apart by type.
    const limits = {
      issuer,
      audience: typeof audience === "string" ? audience : [...audience],
      algorithms,
      clockTolerance: (options.clockToleranceMs ?? 30_000) / 1000,
      requiredClaims: ["exp"],
      currentDate: new Date(now()),
      ...(options.maxAgeMs === undefined ? {} : { maxTokenAge: options.maxAgeMs / 1000 }),
      ...(options.type === undefined ? {} : { typ: options.type }),
    };
    const { payload } =
      typeof find === "function" ? await jwtVerify(token, find, limits) : await jwtVerify(token, find, limits);
    if (payload.iat !== undefined && payload.iat - limits.clockTolerance > now() / 1000) {
      throw new Error("the token is issued in the future; is a clock wrong?");
    }
    requireScopes(payload, options.scopes ?? []);
    return { caller: callerOf(payload, options), endsMs: payload.exp! * 1000 };
  }

  return {
    name: "jwt",
    async authenticate(knock: Knock): Promise<Caller> {
      const token = credentialsIn(knock, header, "Bearer");
      if (token.length > maxTokenCharacters) throw refused(`the token has more than ${maxTokenCharacters} characters`);
      const before = remembered.get(token);
      if (before !== undefined && now() < before.untilMs) return before.caller;
      remembered.delete(token);
      try {
        const { caller, endsMs } = await check(token);
        if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value!);
        if (rememberMs > 0) remembered.set(token, { caller, untilMs: Math.min(endsMs, now() + rememberMs) });
        return caller;
      } catch (error) {
        if (ExportError.is(error)) throw error;
        // Not the library's own error: that one holds the claims.
        throw refused(whyNot(error));
      }
    },
  };
}

function requireScopes(payload: JWTPayload, needed: readonly string[]): void {
  const { scope, scp } = payload as { scope?: unknown; scp?: unknown };
  const given = new Set([scope, scp].flat().flatMap((each) => (typeof each === "string" ? each.split(" ") : [])));
  const missing = needed.filter((each) => !given.has(each));
  if (missing.length === 0) return;
  throw new ExportError("forbidden", "the token does not allow this", {
    cause: new Error(`the token of ${String(payload.sub)} has not the scope ${missing.join(" ")}`),
  });
}

function callerOf(payload: JWTPayload, { nameClaim, tenantClaim }: AcceptJwtOptions): Caller {
  const names = nameClaim === undefined ? ["sub", "client_id"] : [nameClaim];
  const name = names.map((claim) => textOf(payload[claim])).find((text) => text !== undefined);
  if (name === undefined) throw new Error(`the token has no ${names.join(" or ")} to name its caller by`);
  const tenant = tenantClaim === undefined ? undefined : textOf(payload[tenantClaim]);
  if (tenantClaim !== undefined && tenant === undefined)
    throw new Error(`the token has no ${tenantClaim} to name a tenant by`);
  return { name, method: "jwt", ...(tenant === undefined ? {} : { tenant }) };
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === "string" && claim !== "" ? claim.slice(0, 256) : undefined;
}

/** For our own log: which check failed, without the token. */
function whyNot(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "the token has ended";
  if (error instanceof errors.JWTClaimValidationFailed) return `the claim ${error.claim} is not as it must be`;
  if (error instanceof errors.JOSEAlgNotAllowed) return "it is signed with an algorithm that is not allowed";
  if (error instanceof errors.JWKSNoMatchingKey) return "it is signed with a key that the issuer does not have";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  if (error instanceof errors.JOSEError) return `it is no token that can be checked (${error.code})`;
  return error instanceof Error ? error.message : "it can't be checked";
}

function bytesOf(secret: string | Uint8Array): Uint8Array {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (bytes.length >= 32) return bytes;
  throw new TypeError("the secret that tokens are signed with must have at least 32 bytes");
}

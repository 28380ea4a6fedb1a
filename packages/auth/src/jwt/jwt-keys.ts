import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import type { JSONWebKeySet, JWK } from "jose";

/** A key that we sign tokens with. */
export interface SigningKey {
  /** Stands in each token as `kid`, so that whoever checks it finds the public half. */
  readonly id: string;
  /** A private key in PEM (PKCS #8), or for HS256 and its like a secret of at least 32 bytes. */
  readonly key: string | Uint8Array | KeyObject;
  /** HS256…, RS256…, PS256…, ES256, ES384, ES512, EdDSA. */
  readonly algorithm: string;
  /**
   * When we begin to sign with it, ms since 1970. Publish a new key first, and sign with it when everybody who checks has
   * had time to fetch it (their cache, mostly ten minutes). Default: at once.
   */
  readonly signFromMs?: number;
}

/** Keys that are signed with one after the other. */
export interface JwtKeys {
  /** The key to sign with now: the one whose time came last. */
  current(nowMs: number): { readonly id: string; readonly algorithm: string; readonly key: KeyObject };
  /** The public halves of all of them, to be published. Leave old ones in for as long as the longest token lives. */
  published(): JSONWebKeySet;
}

/**
 * A set of keys to sign tokens with, made for rotation: add a key with `signFromMs` in the future, publish, wait, and drop
 * the old one when the last token that it signed has ended.
 *
 * @throws TypeError when a key is not of the kind that its algorithm needs, or two have one id
 */
export function jwtKeys(keys: readonly SigningKey[]): JwtKeys {
  if (keys.length === 0) throw new TypeError("jwtKeys needs at least one key");
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw new TypeError("two keys have the same id");
  const held = keys.map(({ id, key, algorithm, signFromMs = -Infinity }) => {
    return { id, algorithm, signFromMs, key: keyObject(id, key, algorithm) };
  });
  return {
    current(nowMs) {
      const ready = held.filter(({ signFromMs }) => signFromMs <= nowMs);
      // With none whose time has come, the one that is nearest.
      const from = ready.length > 0 ? ready : [...held].toSorted((a, b) => a.signFromMs - b.signFromMs).slice(0, 1);
      return from.reduce((latest, each) => (each.signFromMs >= latest.signFromMs ? each : latest));
    },
    published: () => ({
      keys: held
        .filter(({ key }) => key.type === "private")
        .map(({ id, algorithm, key }) => {
          const jwk = createPublicKey(key).export({ format: "jwk" }) as JWK;
          return { ...jwk, kid: id, alg: algorithm, use: "sig" };
        }),
    }),
  };
}

const kinds: readonly [RegExp, readonly string[]][] = [
  [/^RS\d{3}$/u, ["rsa"]],
  [/^PS\d{3}$/u, ["rsa", "rsa-pss"]],
  [/^ES\d{3}$/u, ["ec"]],
  [/^(?:EdDSA|Ed25519)$/u, ["ed25519"]],
];

/** RFC 7518, 3.4. */
const curves: Readonly<Record<string, string>> = { ES256: "prime256v1", ES384: "secp384r1", ES512: "secp521r1" };

function keyObject(id: string, given: SigningKey["key"], algorithm: string): KeyObject {
  if (/^HS\d{3}$/u.test(algorithm)) return secretKey(id, given);
  const expected = kinds.find(([pattern]) => pattern.test(algorithm))?.[1];
  if (expected === undefined) throw new TypeError(`the key "${id}": there is no algorithm ${algorithm} for tokens`);
  const key = isKeyObject(given) ? given : privateKey(id, given);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve !== undefined && curves[algorithm] !== undefined && curves[algorithm] !== curve) {
    throw new TypeError(`the key "${id}" lies on ${curve}; ${algorithm} needs ${curves[algorithm]}`);
  }
  if (key.type === "private" && expected.includes(key.asymmetricKeyType ?? "")) return key;
  throw new TypeError(
    `the key "${id}" is a ${key.asymmetricKeyType ?? key.type} key; ${algorithm} needs a private ${expected.join(" or ")} key`,
  );
}

function isKeyObject(given: SigningKey["key"]): given is KeyObject {
  return typeof given === "object" && !(given instanceof Uint8Array);
}

function secretKey(id: string, given: SigningKey["key"]): KeyObject {
  const key = isKeyObject(given) ? given : createSecretKey(typeof given === "string" ? Buffer.from(given) : given);
  if (key.type === "secret" && (key.symmetricKeySize ?? 0) >= 32) return key;
  throw new TypeError(`the key "${id}" must be a secret of at least 32 bytes`);
}

function privateKey(id: string, given: string | Uint8Array): KeyObject {
  try {
    return createPrivateKey(typeof given === "string" ? given : Buffer.from(given));
  } catch {
    // Its message may quote what was taken for a key.
    throw new TypeError(`the key "${id}" is no private key in PEM`);
  }
}

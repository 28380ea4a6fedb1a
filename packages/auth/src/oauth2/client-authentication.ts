import { createPrivateKey, type KeyObject } from "node:crypto";
import * as oauth from "oauth4webapi";
import { type Given, revealed } from "../credentials/given.ts";

/** How a client proves to an authorization server who it is. */
export type ClientAuthentication =
  | {
      /** In the Authorization header, or in the body. */
      readonly method: "client_secret_basic" | "client_secret_post";
      readonly secret: Given;
    }
  | {
      /** By an assertion signed with a key whose public half the server has (RFC 7523). */
      readonly method: "private_key_jwt";
      /** PEM (PKCS #8), or a key object. */
      readonly key: Given | KeyObject;
      /** Default: by the kind of key: RS256, ES256, ES384, ES512, EdDSA. */
      readonly algorithm?: string;
      readonly keyId?: string;
      /** Whom the assertion is for. Default: the issuer, as is right today; older servers want their token endpoint. */
      readonly audience?: string;
    }
  | {
      /** By the certificate of the connection (RFC 8705), PEM. Absent where `https.files` has it, which may change. */
      readonly method: "tls_client_auth";
      readonly cert?: string;
      readonly key?: string;
    };

/** Made anew for each request, so that a secret that changed is used. */
export function clientAuthentication(options: ClientAuthentication): () => Promise<oauth.ClientAuth> {
  switch (options.method) {
    case "client_secret_basic":
      return async () => oauth.ClientSecretBasic(await revealed(options.secret));
    case "client_secret_post":
      return async () => oauth.ClientSecretPost(await revealed(options.secret));
    case "tls_client_auth":
      return async () => oauth.TlsClientAuth();
    default:
      return () => privateKeyJwt(options);
  }
}

async function privateKeyJwt(options: ClientAuthentication & { method: "private_key_jwt" }): Promise<oauth.ClientAuth> {
  const { key, keyId, audience } = options;
  const object = isKeyObject(key) ? key : readKey(await revealed(key));
  const crypto = await importKey(object, options.algorithm ?? algorithmOf(object));
  const modify =
    audience === undefined
      ? {}
      : {
          [oauth.modifyAssertion](_header: Record<string, unknown>, payload: Record<string, unknown>) {
            payload["aud"] = audience;
          },
        };
  return oauth.PrivateKeyJwt(keyId === undefined ? crypto : { key: crypto, kid: keyId }, modify);
}

function isKeyObject(key: Given | KeyObject): key is KeyObject {
  return typeof key === "object" && "asymmetricKeyType" in key;
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // Its message may quote what was taken for a key.
    throw new TypeError("the key for private_key_jwt is no private key in PEM");
  }
}

/** The algorithm that a key is meant for, when nobody says otherwise. */
function algorithmOf(key: KeyObject): string {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return "RS256";
    case "rsa-pss":
      return "PS256";
    case "ec":
      return (
        { prime256v1: "ES256", secp384r1: "ES384", secp521r1: "ES512" }[key.asymmetricKeyDetails?.namedCurve ?? ""] ??
        "ES256"
      );
    case "ed25519":
      return "Ed25519";
    default:
      throw new TypeError(`a key of kind ${key.asymmetricKeyType ?? "secret"} cannot sign for private_key_jwt`);
  }
}

async function importKey(key: KeyObject, algorithm: string): Promise<CryptoKey> {
  const { importPKCS8 } = await import("jose");
  return importPKCS8(key.export({ type: "pkcs8", format: "pem" }), algorithm);
}

import type { SecureContext, TLSSocket } from "node:tls";
import { ExportError, isLive, type Live } from "@otlpkit/core";
import type { ClientTls } from "./options.ts";

/** PEM, as text or as bytes. */
export type Pem = string | Uint8Array;

/** What a TLS connection must be like, as `node:tls` takes it; `tlsPolicy` of `@otlpkit/auth/tls` makes one that is checked. */
export interface TlsRules {
  /** Default "TLSv1.2". */
  readonly minVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  readonly maxVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  /** Cipher suites, with colons between. */
  readonly ciphers?: string;
  /** Groups for the key exchange, with colons between. */
  readonly ecdhCurve?: string;
  /** Told of each connection what was agreed on, for metrics and the log. Must not throw. grpc-js does not tell. */
  readonly onSecure?: (agreed: AgreedTls) => void;
}

/** What the two sides of a connection agreed on. */
export interface AgreedTls {
  /** "TLSv1.3". */
  readonly version: string;
  /** As the registry names it: "TLS_AES_128_GCM_SHA256". */
  readonly cipherSuite: string;
}

export function agreedTls(socket: TLSSocket): AgreedTls {
  return { version: socket.getProtocol() ?? "", cipherSuite: socket.getCipher().standardName };
}

/** Those rules that were given. */
export function rulesOf({ minVersion, maxVersion, ciphers, ecdhCurve }: TlsRules): TlsRules {
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(ecdhCurve === undefined ? {} : { ecdhCurve }),
  };
}

/** What may change as what never does. */
export function live<T extends object>(value: T | Live<T>): Live<T> {
  return isLive(value) ? value : { current: value, onChange: () => () => {} };
}

/** Makes something of what may change, once for each change. */
export function followed<T, U>(source: Live<T>, make: (value: T) => U): () => U {
  let from = source.current;
  let made = make(from);
  return () => {
    if (source.current !== from) {
      from = source.current;
      made = make(from);
    }
    return made;
  };
}

/**
 * What `node:tls` makes of a client's certificates, done once and not for each connection.
 *
 * @throws ExportError "rejected" when a part is no PEM, damaged, or does not belong to the others.
 */
export function secureContext({ ca, cert, key, ...rules }: ClientTls): SecureContext {
  if ((cert === undefined) !== (key === undefined)) {
    throw new ExportError("rejected", "tls.cert and tls.key belong together, and one of them is missing");
  }
  const given = {
    ...rulesOf(rules),
    ca: authorities(ca),
    ...(cert === undefined ? {} : { cert: pem(cert, "cert") }),
    ...(key === undefined ? {} : { key: pem(key, "key") }),
  };
  try {
    return process.getBuiltinModule("node:tls").createSecureContext(given);
  } catch (cause) {
    const reason = (cause as Error).message;
    const message = `cannot use tls.ca, tls.cert and tls.key: ${reason}; are they whole, and does the key belong to cert?`;
    throw new ExportError("rejected", message, { cause });
  }
}

/** Authorities, each by itself; undefined: the system's. */
export function authorities(ca: Pem | readonly Pem[] | undefined): string[] | undefined {
  if (ca === undefined) return undefined;
  return (Array.isArray(ca) ? ca : [ca]).map((each) => pem(each, "ca"));
}

/** PEM as text. `node:tls` would say nothing about an authority that is none, and then trust nobody. */
export function pem(part: Pem, name: string): string {
  const text = typeof part === "string" ? part : new TextDecoder().decode(part);
  if (text.includes("-----BEGIN ")) return text;
  throw new ExportError(
    "rejected",
    `tls.${name} is not PEM, which begins with "-----BEGIN"; is it DER, or the name of a file?`,
  );
}

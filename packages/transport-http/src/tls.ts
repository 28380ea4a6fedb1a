import type { PeerCertificate, SecureContext, TLSSocket } from "node:tls";
import { ExportError, isLive, type Live } from "@otlpkit/core";

/** What a TLS connection must be like, as `node:tls` takes it; `tlsPolicy` of `@otlpkit/auth/tls` makes one that is checked. */
export interface TlsRules {
  /** Default "TLSv1.2". */
  readonly minVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  readonly maxVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  /** Cipher suites, with colons between. */
  readonly ciphers?: string;
  /** Groups for the key exchange, with colons between. */
  readonly ecdhCurve?: string;
  /** Told of each connection what was agreed on, for metrics and the log. Must not throw. */
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

/** Who is trusted, and who we are, on `https:` endpoints. */
export interface TlsOptions extends TlsRules {
  /** Certificates (PEM) of the authorities to trust, instead of the ones that Node brings. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Our certificate (PEM), for far sides that ask for one. Needs `key`. */
  readonly cert?: string | Uint8Array;
  /** The private key (PEM) of `cert`. */
  readonly key?: string | Uint8Array;
  /** The name that the far side's certificate must be for, when it is not the host of the endpoint. */
  readonly serverName?: string;
  /** Accept any certificate. For tests: whoever is in between can read and change everything. Default false. */
  readonly insecureSkipVerify?: boolean;
  /** Looks at the certificate in place of Node, whose `checkServerIdentity` it should call: `pinned` of `@otlpkit/auth/tls`. */
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
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

/**
 * What `node:tls` makes of it, done once and not for each connection.
 *
 * @throws ExportError "rejected" when a part is no PEM, damaged, or does not belong to the others.
 */
export function secureContext({ ca, cert, key, ...rules }: TlsOptions): SecureContext {
  const authorities = ca === undefined ? undefined : (Array.isArray(ca) ? ca : [ca]).map((each) => pem(each, "ca"));
  if ((cert === undefined) !== (key === undefined)) {
    throw new ExportError("rejected", "tls.cert and tls.key belong together, and one of them is missing");
  }
  const pair = cert === undefined ? {} : { cert: pem(cert, "cert"), key: pem(key as string | Uint8Array, "key") };
  try {
    return process.getBuiltinModule("node:tls").createSecureContext({
      ...rulesOf(rules),
      ...(authorities === undefined ? {} : { ca: authorities }),
      ...pair,
    });
  } catch (cause) {
    const reason = (cause as Error).message;
    const message = `cannot use tls.ca, tls.cert and tls.key: ${reason}; are they whole, and does the key belong to cert?`;
    throw new ExportError("rejected", message, { cause });
  }
}

/** PEM as node:tls takes it, which would say nothing about an authority that is none, and then trust nobody. */
export function pem(part: string | Uint8Array, name: string): string {
  const text = typeof part === "string" ? part : new TextDecoder().decode(part);
  if (text.includes("-----BEGIN ")) return text;
  throw new ExportError(
    "rejected",
    `tls.${name} is not PEM, which begins with "-----BEGIN"; is it DER, or the name of a file?`,
  );
}

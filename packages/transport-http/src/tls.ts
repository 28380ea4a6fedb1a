import type { SecureContext } from "node:tls";
import { ExportError } from "@otlpkit/core";

/** Who is trusted, and who we are, on `https:` endpoints. */
export interface TlsOptions {
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
}

/**
 * What `node:tls` makes of it, done once and not for each connection.
 *
 * @throws ExportError "rejected" when a part is no PEM, damaged, or does not belong to the others.
 */
export function secureContext({ ca, cert, key }: TlsOptions): SecureContext {
  const authorities = ca === undefined ? undefined : (Array.isArray(ca) ? ca : [ca]).map((each) => pem(each, "ca"));
  if ((cert === undefined) !== (key === undefined)) {
    throw new ExportError("rejected", "tls.cert and tls.key belong together, and one of them is missing");
  }
  const pair = cert === undefined ? {} : { cert: pem(cert, "cert"), key: pem(key as string | Uint8Array, "key") };
  try {
    return process.getBuiltinModule("node:tls").createSecureContext({
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

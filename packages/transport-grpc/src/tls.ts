import type { SecureContext } from "node:tls";
import { ExportError } from "@otlpkit/core";
import type { ClientTls } from "./options.ts";

/** PEM, as text or as bytes. */
export type Pem = string | Uint8Array;

/**
 * What `node:tls` makes of a client's certificates, done once and not for each connection.
 *
 * @throws ExportError "rejected" when a part is no PEM, damaged, or does not belong to the others.
 */
export function secureContext({ ca, cert, key }: ClientTls): SecureContext {
  if ((cert === undefined) !== (key === undefined)) {
    throw new ExportError("rejected", "tls.cert and tls.key belong together, and one of them is missing");
  }
  const given = {
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

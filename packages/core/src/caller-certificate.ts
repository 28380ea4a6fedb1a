import type { CallerCertificate } from "./caller.ts";

/** As much of an `X509Certificate` as is looked at. */
export interface ShownCertificate {
  /** `DNS:a.example, URI:spiffe://example/shop`; names with odd characters are quoted as in JSON. */
  readonly subjectAltName: string | undefined;
  readonly fingerprint256: string;
  /** "Nov 28 12:00:00 2026 GMT". */
  readonly validTo: string;
}

/** Reads who a certificate names. Its subject is not looked at: nobody checks what it says. */
export function callerCertificate({
  subjectAltName = "",
  fingerprint256,
  validTo,
}: ShownCertificate): CallerCertificate {
  const names = [...subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?=, |$)/gu)].map(
    ([, kind = "", value = ""]) => [kind, value.startsWith('"') ? unquoted(value) : value] as const,
  );
  const ofKind = (wanted: string): string[] =>
    names.flatMap(([kind, value]) => (kind === wanted && value !== undefined && value !== "" ? [value] : []));
  return {
    uris: ofKind("URI"),
    dnsNames: ofKind("DNS"),
    fingerprint256,
    notAfterMs: Date.parse(validTo),
  };
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    // Written by nobody's Node: no name to go by.
    return undefined;
  }
}

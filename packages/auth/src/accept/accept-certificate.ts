import type { Authenticator, Caller, CallerCertificate } from "@otlpkit/core";
import { refused } from "./refused.ts";

/** Options of {@link acceptCertificate}. */
export interface AcceptCertificateOptions {
  /**
   * Names that are let in: `spiffe://example.org/shop`, `client.example.org`, with `*` for any part between slashes or dots.
   * Default: every certificate that the receiver's TLS has verified.
   */
  readonly names?: readonly string[];
  /** SHA-256 fingerprints (hex, colons or not) that are let in, besides those with a good name. */
  readonly fingerprints?: readonly string[];
  /** Makes a tenant of the caller's name, such as the part of a SPIFFE id. Default: none. */
  readonly tenantOf?: (name: string) => string | undefined;
}

/**
 * Lets in whoever showed a certificate (mutual TLS), by its name of kind URI, of which a SPIFFE id is the only one, or else
 * of kind DNS. The subject's common name is never looked at. The receiver's TLS must ask for certificates.
 */
export function acceptCertificate(options: AcceptCertificateOptions = {}): Authenticator {
  const patterns = options.names?.map(patternOf);
  const fingerprints = new Set(options.fingerprints?.map((text) => text.replaceAll(":", "").toLowerCase()));

  return {
    name: "mtls",
    async authenticate({ certificate }): Promise<Caller> {
      if (certificate === undefined) throw refused("the caller showed no certificate");
      const [name, ...others] = namesOf(certificate);
      if (name === undefined) throw refused("the certificate has no name of kind URI or DNS");
      const byPrint = fingerprints.has(certificate.fingerprint256.replaceAll(":", "").toLowerCase());
      const everyone = patterns === undefined && fingerprints.size === 0;
      const byName = patterns?.some((pattern) => [name, ...others].some((each) => pattern.test(each))) === true;
      if (!everyone && !byPrint && !byName)
        throw refused(`the certificate of ${name} is not among those that are let in`);
      const tenant = options.tenantOf?.(name);
      return { name, method: "mtls", ...(tenant === undefined ? {} : { tenant }) };
    },
  };
}

function namesOf({ uris, dnsNames }: CallerCertificate): readonly string[] {
  const ids = uris.filter((uri) => uri.startsWith("spiffe://"));
  // A SPIFFE certificate has exactly one URI (X.509-SVID, 2).
  if (ids.length > 0 && uris.length > 1)
    throw refused("the certificate has a SPIFFE id and other URIs, which none may have");
  return uris.length > 0 ? uris : dnsNames;
}

function patternOf(text: string): RegExp {
  const parts = text.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`));
  const any = text.includes("://") ? "[^/]+" : "[^.]+";
  return new RegExp(`^${parts.join(any)}$`, text.includes("://") ? "u" : "iu");
}

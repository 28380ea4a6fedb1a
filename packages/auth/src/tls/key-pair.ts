import { createPrivateKey, X509Certificate } from "node:crypto";
import { ExportError } from "@otlpkit/core";

/** A certificate and its key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What is known of a certificate, for metrics and the log. */
export interface CertificateFacts {
  readonly subject: string;
  /** Names that it is for: "DNS:relay.example", "URI:spiffe://…". */
  readonly names: readonly string[];
  readonly fingerprint256: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * Looks whether a pair can be used, before it is.
 *
 * @throws ExportError "invalid" when a part is none, they do not belong together, or the certificate has ended or has not
 *   begun; says which, and nothing of the key
 */
export function checkPair({ cert, key }: KeyPair, nowMs: number): CertificateFacts {
  const certificate = certificateIn(cert);
  let belongs: boolean;
  try {
    belongs = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    // Its message may quote what was taken for a key.
    throw new ExportError("invalid", "the key is no private key in PEM, or needs a passphrase");
  }
  if (!belongs) throw new ExportError("invalid", "certificate and key do not belong together");
  const facts = factsOf(certificate);
  const { subject, notBeforeMs, notAfterMs } = facts;
  if (nowMs >= notAfterMs) {
    throw new ExportError("invalid", `the certificate of ${subject} ended at ${new Date(notAfterMs).toISOString()}`);
  }
  if (nowMs < notBeforeMs) {
    throw new ExportError(
      "invalid",
      `the certificate of ${subject} begins at ${new Date(notBeforeMs).toISOString()}; is the clock right?`,
    );
  }
  return facts;
}

/** Looks whether there are authorities in a text. @throws ExportError "invalid" when there are none, or one is damaged */
export function checkAuthorities(ca: string): readonly CertificateFacts[] {
  const parts = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? [];
  if (parts.length === 0) throw new ExportError("invalid", "there is no certificate of an authority in PEM");
  return parts.map((part) => factsOf(certificateIn(part)));
}

function certificateIn(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new ExportError("invalid", "there is no certificate in PEM, or it is damaged", { cause });
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: certificate.subject.replaceAll("\n", ", "),
    names: certificate.subjectAltName?.split(", ") ?? [],
    fingerprint256: certificate.fingerprint256,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
}

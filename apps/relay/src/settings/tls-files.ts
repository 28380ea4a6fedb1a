import type { CertificateFacts, TlsFiles, TlsFilesOptions } from "@otlpkit/auth/tls";
import { type AuditRecord, ExportError } from "@otlpkit/core";
import type { ComponentContext } from "../component.ts";

/** What is told of certificates, and to whom. */
export type TlsSurroundings = Pick<ComponentContext, "id" | "log" | "metrics" | "audit" | "atEnd">;

/** What is followed. */
export type FollowedFiles = Pick<TlsFilesOptions, "certFile" | "keyFile" | "caFile" | "pollMs" | "now"> & {
  /** How often a certificate that nears its end is spoken of, in ms. Default twice a day. */
  readonly remindMs?: number;
};

/**
 * Certificates that follow their files, until the relay ends: each change in metrics, log and audit, and a reminder while
 * one that is in use nears its end.
 *
 * @throws ExportError when they cannot be used at the start; names the file
 */
export async function followTlsFiles(files: FollowedFiles, context: TlsSurroundings): Promise<TlsFiles> {
  const { tlsFiles } = await import("@otlpkit/auth/tls");
  const { remindMs = 43_200_000, now = Date.now, ...paths } = files;
  const { id: component, log, metrics, audit } = context;
  const ends = metrics.gauge(
    "otlpkit_tls_certificate_not_after_timestamp_seconds",
    "When the certificate in use ends, in seconds since 1970.",
  );
  const reloads = metrics.counter("otlpkit_tls_reloads", "Times that certificates were taken from their files.");
  const record = (action: string, facts: AuditRecord["facts"] & object, error?: ExportError): void =>
    audit.record({
      action,
      outcome: error === undefined ? "success" : "failure",
      actor: "otlpkit",
      target: component,
      facts,
      ...(error === undefined ? {} : { reason: error.message }),
    });

  function remind(certificate: CertificateFacts): boolean {
    const term = termOf(certificate, now());
    if (term === "good") return false;
    const { days } = factsOf(certificate, now());
    const facts = { subject: certificate.subject, days, fingerprint: certificate.fingerprint256 };
    if (term === "ended") log.error("the certificate in use has ended; renew its file", facts);
    else log.warn("the certificate ends soon", facts);
    return true;
  }

  const followed = await tlsFiles({
    ...paths,
    now,
    onLoad({ certificate }) {
      reloads.with({ component, result: "success" }).add(1);
      if (certificate === undefined) return;
      ends.with({ component }).set(certificate.notAfterMs / 1000);
      const facts = factsOf(certificate, now());
      record("certificate.loaded", facts);
      if (!remind(certificate)) log.info("loaded a certificate", { subject: certificate.subject, ...facts });
    },
    onError(error) {
      reloads.with({ component, result: "failure" }).add(1);
      record("certificate.refused", {}, error);
      log.error("cannot use new certificates; those in use stay", { error });
    },
  }).catch((error: unknown) => {
    throw new ExportError("rejected", `tls: ${ExportError.from(error).message}`, { cause: error });
  });
  const reminding = setInterval(() => {
    const { certificate } = followed.facts;
    if (certificate !== undefined) remind(certificate);
  }, remindMs);
  reminding.unref();
  context.atEnd(() => {
    clearInterval(reminding);
    followed.close();
  });
  return followed;
}

/** The last third of a certificate's life is when a new one should be there. */
function termOf({ notBeforeMs, notAfterMs }: CertificateFacts, nowMs: number): "good" | "soon" | "ended" {
  if (nowMs >= notAfterMs) return "ended";
  return notAfterMs - nowMs < (notAfterMs - notBeforeMs) / 3 ? "soon" : "good";
}

function factsOf({ notAfterMs, fingerprint256: fingerprint }: CertificateFacts, nowMs: number) {
  return { days: Math.floor((notAfterMs - nowMs) / 86_400_000), fingerprint };
}

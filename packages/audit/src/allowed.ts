import type { AuditRecord } from "@otlpkit/core";

/** Names of facts that may stand in a record; anything else is left out, so that nothing gets there by accident. */
export const allowedFacts: readonly string[] = [
  "address",
  "algorithm",
  "bytes",
  "code",
  "days",
  "fingerprint",
  "from",
  "items",
  "keyId",
  "keys",
  "method",
  "pipeline",
  "protocol",
  "records",
  "rejected",
  "requests",
  "segment",
  "seq",
  "signal",
  "tenant",
  "to",
  "transport",
  "version",
];

/** Texts end here; what is longer is no name. */
const maxCharacters = 256;

/**
 * A record of which only what is allowed remains: facts by name, texts cut to 256 characters, control characters
 * replaced, and of an URL neither user nor query.
 */
export function harmless(record: AuditRecord, allowed: ReadonlySet<string>): AuditRecord {
  const { action, outcome, actor, target, reason, facts } = record;
  const kept = Object.entries(facts ?? {})
    .filter(([name]) => allowed.has(name))
    .map(([name, value]) => [name, plain(value)] as const)
    .filter(([, value]) => value !== undefined);
  return {
    action: clean(action),
    outcome: outcome === "success" ? "success" : "failure",
    actor: clean(actor),
    target: clean(target),
    ...(reason === undefined ? {} : { reason: clean(reason) }),
    ...(kept.length === 0 ? {} : { facts: Object.fromEntries(kept) as Record<string, string | number | boolean> }),
  };
}

/** What canonical JSON can say; numbers beyond what every reader keeps exactly become text. */
function plain(value: unknown): string | number | boolean | undefined {
  if (typeof value === "string") return clean(value);
  if (typeof value === "boolean") return value;
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function clean(text: unknown): string {
  return (
    String(text)
      // Twice what may remain is enough to look at.
      .slice(0, 2 * maxCharacters)
      .replace(/[a-z][a-z0-9+.-]*:\/\/\S*/giu, withoutSecrets)
      .replace(/[\p{Cc}\p{Surrogate}]/gu, "\uFFFD")
      .slice(0, maxCharacters)
  );
}

function withoutSecrets(url: string): string {
  return url.replace(/^([^/]*\/\/)[^/]*@/u, "$1").replace(/[?#].*$/u, "");
}

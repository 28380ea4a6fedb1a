import {
  bytes,
  check,
  choice,
  duration,
  flag,
  integer,
  optional,
  or,
  present,
  record,
  section,
  type SectionOf,
  text,
} from "@otlpkit/config";
import { type AuditHook, type AuditRecord, type Middleware, pipe, type Sender } from "@otlpkit/core";
import type { AuditLog, AuditSink } from "@otlpkit/audit";
import type { Log, Metrics } from "@otlpkit/telemetry";
import { contents } from "./contents.ts";

const keys = {
  /** Where records are kept, in files of JSON lines. */
  directory: optional(text),
  console: or(flag, false),
  /** Where they go as log records: an OTLP/HTTP endpoint that the relay's owner can't change things at. */
  otlp: present(section({ endpoint: text, headers: record(text) })),
  mode: or(choice("best_effort", "fail_closed"), "best_effort"),
  /** What is alike is summed up for so long. */
  summary_interval: or(duration, 1_000),
  /** An Ed25519 private key: signs where the chain stands. */
  signing_key_file: optional(text),
  hmac_key_file: optional(text),
  checkpoint_interval: optional(duration),
  max_file_size: optional(bytes),
  keep_files: optional(integer({ min: 1 })),
};

/** `service.audit` (ours): who sent what, what became of it, and what else somebody may have to answer for. */
export const auditConfig = present(
  check(section(keys), ({ directory, console, otlp }) =>
    directory === undefined && !console && otlp === undefined ? "needs directory, console or otlp" : undefined,
  ),
);
export type AuditConfig = SectionOf<typeof keys>;

/** The relay's audit: a hook for everything, and stages for the doors and the destinations. */
export interface RelayAudit extends AuditHook {
  stage(target: string, at: "door" | "destination"): Middleware;
  /** Records what may happen very often, summed up with what is like it: requests that are refused, for instance. */
  sum(entry: AuditRecord): void;
}

/** Nothing is recorded. */
export const noAudit: RelayAudit = {
  record: () => {},
  flush: () => Promise.resolve(),
  close: () => Promise.resolve(),
  stage: () => (next) => next,
  sum: () => {},
};

/**
 * Opens the audit log, so that a folder that cannot be written is told at the start.
 *
 * @throws ExportError when it cannot be, TypeError for a key that is none
 */
export async function openAudit(
  config: AuditConfig | undefined,
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
): Promise<RelayAudit> {
  if (config === undefined) return noAudit;
  const { audit, auditLog, summed } = await import("@otlpkit/audit");
  const hook = auditLog({
    sinks: await sinksOf(config),
    ...(config.signing_key_file === undefined
      ? {}
      : { signingKey: contents(config.signing_key_file).toString("utf8") }),
    ...(config.hmac_key_file === undefined ? {} : { hmacKey: contents(config.hmac_key_file) }),
    ...(config.checkpoint_interval === undefined ? {} : { checkpointMs: config.checkpoint_interval }),
    onCheckpoint: ({ seq, hash, sink }) => log.info("audit checkpoint; keep it elsewhere", { seq, hash, sink }),
    onProblem: (error) => log.error("cannot keep audit records", { error }),
  });
  watch(hook, metrics);
  hook.record({ action: "audit.opened", outcome: "success", actor: "otlpkit", target: "audit" });
  await hook.flush().catch(async (error: unknown) => {
    // A place elsewhere may be away, as later on, and `onProblem` has said it; a folder of ours that can't be written is a mistake.
    const away = hook.facts().failingSinks.every((name) => name === "otlp");
    if (config.mode !== "fail_closed" && away) return;
    await hook.close().catch(() => {
      // It fails as before; what matters is that it lets go of its folder.
    });
    throw error;
  });
  const mode = config.mode === "fail_closed" ? "fail-closed" : "best-effort";
  const stages: Sender[] = [];
  const often = summed(hook, { everyMs: config.summary_interval });
  return {
    record: (entry) => hook.record(entry),
    sum: (entry) => often.record(entry),
    flush: () => hook.flush(),
    async close() {
      // What they have summed up.
      await Promise.all(stages.map((stage) => stage.close()));
      often.end();
      await hook.close();
    },
    stage: (target, at) => (next) => {
      // What is behind has others who close it.
      const behind: Sender = { send: (batch, options) => next.send(batch, options), close: () => Promise.resolve() };
      const stage = audit(hook, { target, at, mode, everyMs: config.summary_interval })(behind);
      stages.push(stage);
      return { send: (batch, options) => stage.send(batch, options), close: () => next.close() };
    },
  };
}

async function sinksOf(config: AuditConfig): Promise<AuditSink[]> {
  const { consoleSink, fileSink, otlpSink } = await import("@otlpkit/audit");
  const sinks: AuditSink[] = [];
  if (config.directory !== undefined) {
    const { directory: folder, max_file_size: maxFileBytes, keep_files: keepFiles } = config;
    sinks.push(
      fileSink({
        folder,
        ...(maxFileBytes === undefined ? {} : { maxFileBytes }),
        ...(keepFiles === undefined ? {} : { keepFiles }),
      }),
    );
  }
  if (config.console) sinks.push(consoleSink());
  if (config.otlp !== undefined) {
    const [{ httpTransport }, { retry }] = await Promise.all([
      import("@otlpkit/transport-http"),
      import("@otlpkit/retry"),
    ]);
    const { endpoint, headers } = config.otlp;
    sinks.push(otlpSink(pipe(retry({ maxElapsedMs: 5_000 }), httpTransport({ headers }).connect({ url: endpoint }))));
  }
  return sinks;
}

function watch(hook: AuditLog, metrics: Metrics): void {
  const pending = metrics.gauge("otlpkit_audit_pending_records", "Audit records that are not kept yet.");
  const lost = metrics.gauge("otlpkit_audit_lost_records", "Audit records lost for want of room.");
  const failing = metrics.gauge("otlpkit_audit_failing", "1 while a place for audit records can't be written.");
  metrics.beforeRead(() => {
    const facts = hook.facts();
    pending.set(facts.pending);
    lost.set(facts.lost);
    failing.set(facts.failing ? 1 : 0);
  });
}

import { createPrivateKey, type KeyObject } from "node:crypto";
import type { AuditHook, AuditRecord, ExportError } from "@otlpkit/core";
import { allowedFacts, harmless } from "./allowed.ts";
import type { Head } from "./chain.ts";
import { type Outbox, outbox } from "./outbox.ts";
import type { AuditSink } from "./sink.ts";

/** Options of {@link auditLog}. */
export interface AuditLogOptions {
  /** Where records are kept; each has a chain of its own. */
  readonly sinks: readonly AuditSink[];
  /** Records that wait for a sink that is slow or away. Default 10,000; more are lost, and that so many were is recorded. */
  readonly maxPending?: number;
  /** Hashes become HMACs that only who has this key can compute or check. Default: plain SHA-256, which anybody checks. */
  readonly hmacKey?: Uint8Array;
  /**
   * An Ed25519 private key (PEM): signs where the chain stands, so that rewriting all of it shows. Default: none. Keep the
   * checkpoints elsewhere ({@link AuditLogOptions.onCheckpoint}), and cutting off the end shows too.
   */
  readonly signingKey?: string | KeyObject;
  /** A checkpoint after so many records. Default 1,000. */
  readonly checkpointRecords?: number;
  /** And with the first record after so many ms. Default 60,000. */
  readonly checkpointMs?: number;
  /** Told of each checkpoint: keep it where the writer of the log can't change it. */
  readonly onCheckpoint?: (checkpoint: Head & { readonly signature: string; readonly sink: string }) => void;
  /** Told when a sink can't be written. It is tried again. */
  readonly onProblem?: (error: ExportError) => void;
  /** Further names of facts that may be recorded, besides {@link allowedFacts}. */
  readonly facts?: readonly string[];
  /** For tests. Default: the clock. */
  readonly now?: () => Date;
  /** For tests. Runs something later and returns what cancels it. Default `setTimeout`, without holding up the process. */
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
}

/** A hook that keeps a chain of records. */
export interface AuditLog extends AuditHook {
  /** For metrics, in sum over the sinks: records that wait, records lost, and whether a sink can't be written now. */
  facts(): {
    readonly pending: number;
    readonly lost: number;
    readonly failing: boolean;
    /** Names of sinks that can't be written now. */
    readonly failingSinks: readonly string[];
  };
}

/**
 * Keeps audit records in a hash chain: each holds the hash of the one before, so whatever is edited, removed or put
 * elsewhere shows when the chain is verified.
 *
 * `record` returns at once and never throws; `flush` says when it is kept, or why not.
 *
 * @throws TypeError, at once, when `signingKey` is no Ed25519 private key
 */
export function auditLog(options: AuditLogOptions): AuditLog {
  const allowed = new Set([...allowedFacts, ...(options.facts ?? [])]);
  const settings = {
    maxPending: options.maxPending ?? 10_000,
    hmacKey: options.hmacKey,
    signingKey: signingKeyOf(options.signingKey),
    checkpointRecords: options.checkpointRecords ?? 1000,
    checkpointMs: options.checkpointMs ?? 60_000,
    onCheckpoint: safely(options.onCheckpoint),
    onProblem: safely(options.onProblem),
    now: options.now ?? (() => new Date()),
    setTimer: options.setTimer ?? unheldTimer,
  };
  const outboxes: readonly Outbox[] = options.sinks.map((sink) => outbox(sink, settings));
  let closed: Promise<void> | undefined;

  return {
    record(entry: AuditRecord): void {
      if (closed !== undefined) return;
      const kept = harmless(entry, allowed);
      for (const each of outboxes) each.add(kept);
    },
    async flush(): Promise<void> {
      await Promise.all(outboxes.map((each) => each.flush()));
    },
    async close(): Promise<void> {
      closed ??= settled(outboxes.map((each) => each.close()));
      await closed;
    },
    facts() {
      const all = outboxes.map((each) => each.facts());
      const failingSinks = options.sinks.filter((_, index) => all[index]!.failing).map(({ name }) => name);
      return {
        pending: all.reduce((sum, { pending }) => sum + pending, 0),
        lost: all.reduce((sum, { lost }) => sum + lost, 0),
        failing: failingSinks.length > 0,
        failingSinks,
      };
    },
  };
}

/** Waits for all, and fails with the first failure. */
async function settled(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

function signingKeyOf(key: string | KeyObject | undefined): KeyObject | undefined {
  if (key === undefined) return undefined;
  let found: KeyObject;
  try {
    found = typeof key === "string" ? createPrivateKey(key) : key;
  } catch {
    // Its message may quote what was taken for a key.
    throw new TypeError(
      "the signing key of the audit log is no private key in PEM; make one with: openssl genpkey -algorithm ed25519",
    );
  }
  if (found.type !== "private" || found.asymmetricKeyType !== "ed25519") {
    throw new TypeError(
      `the signing key of the audit log must be an Ed25519 private key, not ${found.asymmetricKeyType ?? found.type}`,
    );
  }
  return found;
}

/** Whoever listens can't hurt the log. */
function safely<T>(listener: ((value: T) => void) | undefined): (value: T) => void {
  return (value) => {
    try {
      listener?.(value);
    } catch {
      // A listener's mistake is its own.
    }
  };
}

function unheldTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

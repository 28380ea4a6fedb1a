import type { KeyObject } from "node:crypto";
import { type AuditRecord, ExportError } from "@otlpkit/core";
import { beginning, chained, type ChainedRecord, type Head, signHead } from "./chain.ts";
import type { AuditSink } from "./sink.ts";

/** What a chain leans on. */
export interface OutboxOptions {
  /** No more records wait than this; more are lost, which is recorded as a gap. */
  readonly maxPending: number;
  readonly hmacKey: Uint8Array | undefined;
  readonly signingKey: KeyObject | undefined;
  readonly checkpointRecords: number;
  readonly checkpointMs: number;
  readonly onCheckpoint: (checkpoint: Head & { readonly signature: string; readonly sink: string }) => void;
  readonly onProblem: (error: ExportError) => void;
  readonly now: () => Date;
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
}

/** What waits for one sink, and the chain that it forms there. */
export interface Outbox {
  add(record: AuditRecord): void;
  /** Resolves when what was added before is kept; rejects with the reason when a try to keep it fails. */
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Records that wait, and records lost because too many did. */
  facts(): { readonly pending: number; readonly lost: number; readonly failing: boolean };
}

/** Records that are written at a time, at most. */
const maxWrite = 1000;
/** Waits between tries to write, in ms, the last again and again. */
const retryDelaysMs = [200, 1000, 5000, 30_000];

/**
 * One chain for each sink, so that each is whole by itself: a sink that is away for too long has a gap in its records,
 * which is a record too, and none in its chain.
 */
export function outbox(sink: AuditSink, options: OutboxOptions): Outbox {
  const pending: { record: AuditRecord; time: Date }[] = [];
  /** In the chain, and not yet known to be kept. A second try writes the same bytes. */
  let writing: ChainedRecord[] = [];
  const waiting: { after: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  let added = 0;
  let kept = 0;
  let lost = 0;
  let unreported = 0;
  let failures = 0;
  let head: Head | undefined;
  let checkpointSeq = 0;
  let checkpointMs = options.now().getTime();
  let running: Promise<void> | undefined;
  let cancelRetry: (() => void) | undefined;
  let stopping = false;
  let closing: Promise<void> | undefined;

  function add(record: AuditRecord): void {
    if (pending.length >= options.maxPending) {
      lost++;
      unreported++;
      return;
    }
    pending.push({ record, time: options.now() });
    added++;
    // After a failure the next try has its time.
    if (cancelRetry === undefined) run();
  }

  function run(): void {
    running ??= writeAll().finally(() => {
      running = undefined;
    });
  }

  async function writeAll(): Promise<void> {
    // Whatever is recorded in this turn goes in one write.
    await Promise.resolve();
    while (pending.length > 0 || writing.length > 0) {
      try {
        if (head === undefined) {
          head = (await sink.open()) ?? beginning;
          checkpointSeq = head.seq;
        }
        const fresh = writing.length === 0 ? pending.splice(0, maxWrite) : [];
        if (fresh.length > 0) writing = link(fresh);
        await sink.write(writing);
      } catch (cause) {
        return failed(cause);
      }
      kept += writing.filter(({ action }) => !ownActions.has(action)).length;
      writing = [];
      failures = 0;
      for (const done of waiting.filter(({ after }) => after <= kept)) done.resolve();
      waiting.splice(0, waiting.length, ...waiting.filter(({ after }) => after > kept));
    }
  }

  /** Puts records behind the head of the chain, with what there is to say about the chain itself. */
  function link(fresh: readonly { readonly record: AuditRecord; readonly time: Date }[]): ChainedRecord[] {
    const linked: ChainedRecord[] = [];
    const put = (record: AuditRecord, time: Date, signature?: string): void => {
      const next = chained(record, head!, time, { hmacKey: options.hmacKey }, signature);
      head = { seq: next.seq, hash: next.hash };
      linked.push(next);
    };
    for (const { record, time } of fresh) put(record, time);
    if (unreported > 0) {
      put({ ...own, action: "audit.gap", outcome: "failure", facts: { records: unreported } }, options.now());
      unreported = 0;
    }
    const now = options.now();
    const due =
      head!.seq - checkpointSeq >= options.checkpointRecords ||
      now.getTime() - checkpointMs >= options.checkpointMs ||
      stopping;
    if (options.signingKey !== undefined && due) {
      const signed = head!;
      const signature = signHead(signed, options.signingKey);
      put({ ...own, action: "audit.checkpoint", outcome: "success" }, now, signature);
      checkpointSeq = head!.seq;
      checkpointMs = now.getTime();
      options.onCheckpoint({ ...signed, signature, sink: sink.name });
    }
    return linked;
  }

  function failed(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot write audit records to the ${sink.name} sink: ${reason}`;
    const error = new ExportError("unavailable", message, { cause });
    const delayMs = retryDelaysMs[Math.min(failures, retryDelaysMs.length - 1)]!;
    failures++;
    for (const { reject } of waiting.splice(0)) reject(error);
    options.onProblem(error);
    if (stopping) return;
    cancelRetry = options.setTimer(() => {
      cancelRetry = undefined;
      run();
    }, delayMs);
  }

  function flush(): Promise<void> {
    if (kept >= added && unreported === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      waiting.push({ after: added, resolve, reject });
      // Somebody waits, so the next try is now.
      cancelRetry?.();
      cancelRetry = undefined;
      run();
    });
  }

  async function close(): Promise<void> {
    stopping = true;
    try {
      await flush();
      // The end of the chain is what is easiest to cut off.
      const unsigned = head !== undefined && head.seq > checkpointSeq && options.signingKey !== undefined;
      if (unsigned) await sink.write(link([]));
    } finally {
      cancelRetry?.();
      await sink.close();
    }
  }

  return {
    add,
    flush,
    close: () => (closing ??= close()),
    facts: () => ({ pending: added - kept, lost, failing: failures > 0 }),
  };
}

const own = { actor: "otlpkit", target: "audit" } as const;
const ownActions: ReadonlySet<string> = new Set(["audit.gap", "audit.checkpoint"]);

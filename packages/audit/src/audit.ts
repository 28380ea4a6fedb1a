import {
  type Ack,
  type AuditHook,
  type AuditRecord,
  type Batch,
  ExportError,
  type Middleware,
  type SendOptions,
} from "@otlpkit/core";
import { summed } from "./summed.ts";

/** Options of {@link audit}. */
export interface AuditOptions {
  /** What batches pass here: the id of a pipeline or of a destination. */
  readonly target: string;
  /**
   * Where this stands. "door" (default): records `data.accepted` and `data.refused`, by whom. "destination": records
   * `data.delivered`, `data.rejected` (for good) and `data.failed` (may be tried again).
   */
  readonly at?: "door" | "destination";
  /**
   * "best-effort" (default): delivery goes on whatever the hook does. "fail-closed": nobody gets an answer before its
   * record is kept; while records can't be kept, batches are refused with "unavailable".
   */
  readonly mode?: "best-effort" | "fail-closed";
  /**
   * What is alike (action, caller, signal, tenant, reason) is summed up for so long, in ms, into one record with numbers
   * of requests, items and bytes. Default 1,000; 0: a record for each request. With "fail-closed" always 0.
   */
  readonly everyMs?: number;
  /** For tests. Runs something later and returns what cancels it. Default `setTimeout`, without holding up the process. */
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
}

/**
 * Notes what becomes of each batch that passes. A hook that throws or hangs does not hurt delivery, except where
 * "fail-closed" asks for that; then a hook that hangs holds an answer no longer than the deadline of the send.
 *
 * ```ts no-run
 * const sender = pipe(audit(log, { target: "traces" }), pipeline);
 * ```
 */
export function audit(hook: AuditHook, options: AuditOptions): Middleware {
  const { target, at = "door", mode = "best-effort" } = options;
  const closed = mode === "fail-closed";
  const sums = summed(hook, { everyMs: closed ? 0 : options.everyMs, setTimer: options.setTimer });

  return (next) => {
    let broken: ExportError | undefined;

    /** Waits until records are kept, as long as the sender does. */
    async function keep(sending: SendOptions): Promise<void> {
      try {
        await within(Promise.resolve(hook.flush()), sending);
        broken = undefined;
      } catch (cause) {
        const message = "cannot take data now: its audit record cannot be kept; see to the audit log";
        broken = new ExportError("unavailable", message, { cause, retryAfterMs: 1000 });
        throw broken;
      }
    }

    function note(batch: Batch, sending: SendOptions, result: Ack | ExportError): void {
      try {
        sums.record(recordOf(at, target, batch, sending, result));
      } catch {
        // A hook that throws is against its contract, and no reason to hurt the data.
      }
    }

    return {
      async send(batch, sending) {
        // What can't be recorded is not let in at all; the next try of the hook tells when it can be again.
        if (closed && broken !== undefined) await keep(sending);
        let result: Ack | ExportError;
        try {
          result = await next.send(batch, sending);
        } catch (error) {
          result = ExportError.from(error);
        }
        note(batch, sending, result);
        if (closed) await keep(sending);
        if (ExportError.is(result)) throw result;
        return result;
      },
      async close() {
        try {
          await next.close();
        } finally {
          sums.end();
        }
      },
    };
  };
}

function recordOf(
  at: "door" | "destination",
  target: string,
  batch: Batch,
  { caller }: SendOptions,
  result: Ack | ExportError,
): AuditRecord {
  const failed = ExportError.is(result);
  const action = failed ? failure(at, result) : at === "door" ? "data.accepted" : "data.delivered";
  const rejected = failed ? 0 : result.rejectedItems;
  return {
    action,
    outcome: failed ? "failure" : "success",
    actor: caller?.name ?? (at === "door" ? "anonymous" : "otlpkit"),
    target,
    ...(failed ? { reason: result.code } : {}),
    facts: {
      signal: batch.signal,
      ...(batch.tenant === undefined ? {} : { tenant: batch.tenant }),
      ...(caller === undefined ? {} : { method: caller.method }),
      items: batch.items,
      bytes: batch.body.byteLength,
      ...(rejected > 0 ? { rejected } : {}),
    },
  };
}

function failure(at: "door" | "destination", { retryable }: ExportError): string {
  if (at === "door") return "data.refused";
  return retryable ? "data.failed" : "data.rejected";
}

/** As long as whoever sends waits for it. */
function within(promise: Promise<void>, { deadline, signal }: SendOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const leftMs = deadline === undefined ? undefined : Math.max(0, deadline - performance.now());
    const late = (): void => reject(new Error("the audit log did not answer in time"));
    const timer = leftMs === undefined ? undefined : setTimeout(late, Math.min(leftMs, 2 ** 31 - 1));
    signal?.addEventListener("abort", late, { once: true });
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", late);
    });
  });
}

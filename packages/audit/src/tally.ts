import type { AuditHook } from "@otlpkit/core";
import type { Outcome } from "./audit.ts";

/** More different sums than this are not held: they are recorded, and begun anew. */
const maxSums = 1000;

interface Sum {
  readonly outcome: Outcome;
  requests: number;
  items: number;
  bytes: number;
  rejected: number;
}

/** Sums up what is alike, so that a million requests are not a million records. */
export function tally(
  hook: AuditHook,
  options: {
    readonly target: string;
    readonly everyMs: number;
    readonly setTimer?: ((run: () => void, delayMs: number) => () => void) | undefined;
  },
): { add(outcome: Outcome): void; end(): void } {
  const { target, everyMs, setTimer = unheldTimer } = options;
  let sums = new Map<string, Sum>();
  let cancel: (() => void) | undefined;

  function record({ outcome: { action, outcome, actor, reason, alike }, requests, items, bytes, rejected }: Sum): void {
    const numbers = { requests, items, bytes, ...(rejected > 0 ? { rejected } : {}) };
    hook.record({
      action,
      outcome,
      actor,
      target,
      ...(reason === undefined ? {} : { reason }),
      facts: { ...alike, ...numbers },
    });
  }

  function end(): void {
    cancel?.();
    cancel = undefined;
    const all = sums;
    sums = new Map();
    for (const sum of all.values()) record(sum);
  }

  return {
    add(outcome) {
      const { action, actor, reason, alike, items, bytes, rejected } = outcome;
      if (everyMs <= 0) return record({ outcome, requests: 1, items, bytes, rejected });
      const key = JSON.stringify([action, actor, reason, alike]);
      const sum = sums.get(key) ?? { outcome, requests: 0, items: 0, bytes: 0, rejected: 0 };
      sum.requests++;
      sum.items += items;
      sum.bytes += bytes;
      sum.rejected += rejected;
      sums.set(key, sum);
      if (sums.size > maxSums) end();
      else cancel ??= setTimer(endSafely, everyMs);
    },
    end: endSafely,
  };

  function endSafely(): void {
    try {
      end();
    } catch {
      // A hook that throws is against its contract; here there is nobody to tell.
    }
  }
}

function unheldTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

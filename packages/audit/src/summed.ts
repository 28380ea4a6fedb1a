import type { AuditHook, AuditRecord } from "@otlpkit/core";

/** Options of {@link summed}. */
export interface SummedOptions {
  /** For so long, in ms. 0: nothing is summed up. Default 1,000. */
  readonly everyMs?: number | undefined;
  /** For tests. Runs something later and returns what cancels it. Default `setTimeout`, without holding up the process. */
  readonly setTimer?: ((run: () => void, delayMs: number) => () => void) | undefined;
}

/** A hook that sums up. */
export interface SummedAudit extends AuditHook {
  /** Records what was summed up so far. Does not throw. */
  end(): void;
}

/** More different sums than this are not held: they are recorded, and begun anew. */
const maxSums = 1000;

interface Sum {
  readonly record: AuditRecord;
  readonly numbers: Map<string, number>;
}

/**
 * Sums up records that are alike in all but their numbers, so that a million requests, or guesses at a password, are not a
 * million records: numbers among the facts are added, and `requests` says how many there were.
 */
export function summed(hook: AuditHook, options: SummedOptions = {}): SummedAudit {
  const { everyMs = 1000, setTimer = unheldTimer } = options;
  let sums = new Map<string, Sum>();
  let cancel: (() => void) | undefined;

  function endAll(): void {
    cancel?.();
    cancel = undefined;
    const all = sums;
    sums = new Map();
    for (const { record, numbers } of all.values()) {
      hook.record({ ...record, facts: { ...record.facts, ...Object.fromEntries(numbers) } });
    }
  }

  function end(): void {
    try {
      endAll();
    } catch {
      // A hook that throws is against its contract; here there is nobody to tell.
    }
  }

  return {
    record(entry) {
      const facts = { requests: 1, ...entry.facts };
      if (everyMs <= 0) return hook.record({ ...entry, facts });
      const { numbers, others } = sorted(facts);
      const record = { ...entry, facts: others };
      const key = JSON.stringify([record.action, record.outcome, record.actor, record.target, record.reason, others]);
      const sum = sums.get(key) ?? { record, numbers: new Map<string, number>() };
      for (const [name, value] of numbers) sum.numbers.set(name, (sum.numbers.get(name) ?? 0) + value);
      sums.set(key, sum);
      if (sums.size > maxSums) end();
      else cancel ??= setTimer(end, everyMs);
    },
    end,
    flush() {
      end();
      return hook.flush();
    },
    close() {
      end();
      return hook.close();
    },
  };
}

function sorted(facts: NonNullable<AuditRecord["facts"]>): {
  numbers: [string, number][];
  others: Record<string, string | boolean>;
} {
  const numbers: [string, number][] = [];
  const others: Record<string, string | boolean> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (typeof value === "number") numbers.push([name, value]);
    else others[name] = value;
  }
  return { numbers, others };
}

function unheldTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

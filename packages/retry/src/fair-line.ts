/** A line in which tenants take turns, so that a long line of one holds up no other. */
export interface FairLine {
  readonly length: number;
  /** Stands in line; `call` is called when it is this one's turn. Returns what leaves the line before that. */
  join(tenant: string, bytes: number, call: () => void): () => void;
  /** Calls the next, if somebody waits. */
  callNext(): void;
}

interface Waiting {
  readonly call: () => void;
  /** When it would be done if bytes went one at a time and tenants by turns. */
  readonly finish: number;
}

/**
 * Makes an empty line. Turns are by bytes and weight (start-time fair queueing, in the order of finishing): who sends
 * large requests has fewer turns, and in the long run each tenant that waits gets its weight's part of all bytes.
 */
export function fairLine(weights: Readonly<Record<string, number>> = {}): FairLine {
  const lines = new Map<string, Set<Waiting>>();
  /** The turn of the last one called, and of the last in each line. */
  let clock = 0;
  const lastFinish = new Map<string, number>();
  let length = 0;

  function leave(tenant: string, waiting: Waiting): boolean {
    const line = lines.get(tenant);
    if (line?.delete(waiting) !== true) return false;
    length--;
    if (line.size === 0) {
      lines.delete(tenant);
      lastFinish.delete(tenant);
    }
    return true;
  }

  return {
    get length() {
      return length;
    },
    join(tenant, bytes, call) {
      const weight = Object.hasOwn(weights, tenant) ? (weights[tenant] as number) : 1;
      const finish = Math.max(clock, lastFinish.get(tenant) ?? 0) + Math.max(bytes, 1) / weight;
      const waiting = { call, finish };
      lastFinish.set(tenant, finish);
      lines.set(tenant, (lines.get(tenant) ?? new Set()).add(waiting));
      length++;
      return () => void leave(tenant, waiting);
    },
    callNext() {
      let first: { readonly tenant: string; readonly waiting: Waiting } | undefined;
      for (const [tenant, line] of lines) {
        const [waiting] = line;
        if (waiting !== undefined && (first === undefined || waiting.finish < first.waiting.finish)) {
          first = { tenant, waiting };
        }
      }
      if (first === undefined) return;
      leave(first.tenant, first.waiting);
      clock = first.waiting.finish;
      first.waiting.call();
    },
  };
}

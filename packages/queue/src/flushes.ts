import { ExportError } from "@otlpkit/core";

/** Those who wait until certain records are settled. */
export interface Flushes {
  /** Resolves when `left` records before a sequence are settled. */
  wait(before: number, left: number, signal: AbortSignal | undefined): Promise<void>;
  /** A record is settled, or can't be for now. */
  settled(sequence: number): void;
  /** Nothing will be settled any more. */
  close(): void;
}

export function flushes(): Flushes {
  interface Waiting {
    readonly before: number;
    left: number;
    end(error?: ExportError): void;
  }
  const waiting = new Set<Waiting>();
  return {
    wait(before, left, signal) {
      return new Promise((resolve, reject) => {
        if (left === 0) return resolve();
        const cancelled = (): void => one.end(new ExportError("cancelled", "the caller stopped waiting for the queue"));
        const one: Waiting = {
          before,
          left,
          end(error) {
            signal?.removeEventListener("abort", cancelled);
            waiting.delete(one);
            if (error === undefined) resolve();
            else reject(error);
          },
        };
        waiting.add(one);
        if (signal?.aborted === true) return cancelled();
        return signal?.addEventListener("abort", cancelled, { once: true });
      });
    },
    settled(sequence) {
      for (const one of waiting) if (sequence < one.before && --one.left === 0) one.end();
    },
    close() {
      for (const one of waiting) {
        one.end(
          new ExportError(
            "closed",
            `the queue was closed with ${one.left} batches left, which are kept for the next start`,
          ),
        );
      }
    },
  };
}

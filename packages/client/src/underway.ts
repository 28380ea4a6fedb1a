import type { FlushReport } from "./otlp-client.ts";

/** Sends that have no answer yet. */
export interface Underway {
  add(items: number, answer: Promise<unknown>): void;
  /** Resolves when all that are under way now are answered, or after `timeoutMs`; later ones are not waited for. */
  settled(timeoutMs: number): Promise<FlushReport>;
}

type SetTimer = (run: () => void, delayMs: number) => () => void;

interface Entry {
  readonly items: number;
  readonly done: Promise<void>;
  outcome: "waiting" | "answered" | "failed";
}

export function underway(setTimer: SetTimer): Underway {
  const entries = new Set<Entry>();
  return {
    add(items, answer) {
      const done = answer.then(
        () => finish("answered"),
        () => finish("failed"),
      );
      const entry: Entry = { items, done, outcome: "waiting" };
      entries.add(entry);
      function finish(outcome: Entry["outcome"]): void {
        entry.outcome = outcome;
        entries.delete(entry);
      }
    },
    async settled(timeoutMs) {
      const waitedFor = [...entries];
      if (timeoutMs > 0) await within(timeoutMs, setTimer, Promise.all(waitedFor.map((entry) => entry.done)));
      const count = (wanted: Entry["outcome"]): number =>
        waitedFor.reduce((sum, { items, outcome }) => (outcome === wanted ? sum + items : sum), 0);
      return { failed: count("failed"), left: count("waiting") };
    },
  };
}

function within(timeoutMs: number, setTimer: SetTimer, done: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancelTimer = setTimer(resolve, Math.min(timeoutMs, 2 ** 31 - 1));
    void done.then(() => {
      cancelTimer();
      resolve();
    });
  });
}

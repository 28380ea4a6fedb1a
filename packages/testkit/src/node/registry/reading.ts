import type { Endpoint, Registry } from "@otlpkit/core";
import type { RegistryCaseSettings } from "./world.ts";

/** How long cases wait. */
export interface Patience {
  /** What should happen has so long. Default 5,000. */
  readonly patienceMs: number;
  /** What should not happen has so long to happen all the same. Default 250. */
  readonly quietMs: number;
}

/** Everything that a registry told. */
export interface Reading {
  readonly lists: readonly (readonly Endpoint[])[];
  /** Resolves when the newest list holds; fails, and says what was told, when it does not in time. */
  until(claim: string, holds: (list: readonly Endpoint[]) => boolean): Promise<readonly Endpoint[]>;
  /** Ends the watch, and waits for its end. */
  end(): Promise<void>;
}

/** Watches and remembers. */
export function read(registry: Registry, { patienceMs }: Patience): Reading {
  const lists: (readonly Endpoint[])[] = [];
  const over = new AbortController();
  const reading = (async () => {
    for await (const list of registry.watch(over.signal)) lists.push(list);
  })();
  // An error of the watch is told at its end, and to whoever waits.
  let failure: Error | undefined;
  reading.catch((error: Error) => (failure = error));
  return {
    lists,
    async until(claim, holds) {
      let list: readonly Endpoint[] | undefined;
      const found = await within(patienceMs, () => {
        if (failure !== undefined) throw new Error(`the watch failed: ${failure.message}`, { cause: failure });
        list = lists.at(-1);
        return list !== undefined && holds(list);
      });
      if (found && list !== undefined) return list;
      const told = lists.map((each) => `[${each.map(({ url }) => url).join(" ")}]`).join(", ");
      throw new Error(`not so within ${patienceMs} ms: ${claim}; lists told: ${told || "none"}`);
    },
    async end() {
      over.abort();
      await reading;
    },
  };
}

/** Asks again and again. False when it does not hold in time. */
export async function within(ms: number, holds: () => boolean): Promise<boolean> {
  const untilMs = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > untilMs) return false;
    await pause(5);
  }
  return true;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Settings with real timers that are counted, and the states told. */
export interface Watched {
  readonly settings: RegistryCaseSettings;
  /** Timers that have neither run nor been cancelled. */
  readonly timers: number;
  /** Each state, as it was told. */
  readonly states: readonly ("fresh" | "stale")[];
}

export function counted(): Watched {
  const pending = new Set<object>();
  const states: ("fresh" | "stale")[] = [];
  return {
    settings: {
      initialDelayMs: 10,
      maxDelayMs: 100,
      debounceMs: 30,
      onState: ({ state }) => states.push(state),
      setTimer(run, delayMs) {
        const timer = setTimeout(() => {
          pending.delete(timer);
          run();
        }, delayMs);
        pending.add(timer);
        return () => {
          pending.delete(timer);
          clearTimeout(timer);
        };
      },
    },
    get timers() {
      return pending.size;
    },
    states,
  };
}

import { type Endpoint, ExportError, type Registry } from "@otlpkit/core";
import { debounced, type DebounceOptions } from "./debounced.ts";
import { endpointList, sameList } from "./endpoint-list.ts";
import { retreat, type RetreatOptions } from "./retreat.ts";
import type { OnState } from "./source-state.ts";
import { sleep, type Time, timeOf } from "./time.ts";

/** What all registries can be told. */
export interface WatchOptions extends RetreatOptions, DebounceOptions, Partial<Time> {
  /**
   * Whether to believe a source that says there is nobody. Default true. With false the last list stands, and the state is
   * told as stale: for sources whose empty answers have turned out to be wrong.
   */
  readonly allowEmpty?: boolean;
  /** Told how fresh the list is; must not throw. */
  readonly onState?: OnState;
}

/** Says what the list is now. To be called whenever the source has confirmed it, changed or not. */
export type Tell = (endpoints: Iterable<Endpoint | undefined>) => void;

/**
 * Looks at a source until it fails (throws), ends by itself (returns), or `signal` aborts: in each case after letting go of
 * what it had opened. It is called again then, so it needs to know nothing of trying again.
 */
export type Follow = (tell: Tell, signal: AbortSignal, time: Time) => Promise<void>;

/**
 * Makes a {@link Registry} of something that follows a source. Everything that registries have in common is here:
 *
 * - lists are sorted, and told only when they differ from the last; the first at once, others when a burst is over;
 * - what fails is tried again with full jitter, while the last good list stands;
 * - a slow reader gets the newest list, not all that there were;
 * - the end of the watch, by its signal or by leaving the loop, waits until the source has been let go of.
 */
export function watching(name: string, options: WatchOptions, follow: Follow): Registry {
  return { name, watch: (signal) => watchOnce(name, options, follow, signal) };
}

// A source that held so long has come back for good; one that fails sooner after each answer is left alone for longer.
const healthyMs = 5_000;

async function* watchOnce(
  name: string,
  options: WatchOptions,
  follow: Follow,
  signal: AbortSignal,
): AsyncGenerator<readonly Endpoint[], void, undefined> {
  if (signal.aborted) return;
  const time = timeOf(options);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  signal.addEventListener("abort", end, { once: true });

  const newest = slot<readonly Endpoint[]>(ending.signal);
  const burst = debounced<readonly Endpoint[]>(options, time, (list) => newest.put(list));
  const following = followAlways(name, options, follow, time, ending.signal, (list, first) =>
    first ? newest.put(list) : burst.put(list),
  );
  try {
    let last: readonly Endpoint[] | undefined;
    for (let list = await newest.take(); list !== undefined; list = await newest.take()) {
      if (last !== undefined && sameList(last, list)) continue;
      last = list;
      yield list;
    }
  } finally {
    end();
    signal.removeEventListener("abort", end);
    burst.clear();
    await following;
  }
}

async function followAlways(
  name: string,
  options: WatchOptions,
  follow: Follow,
  time: Time,
  signal: AbortSignal,
  found: (list: readonly Endpoint[], first: boolean) => void,
): Promise<void> {
  const { onState, allowEmpty = true } = options;
  const waits = retreat(options, time);
  let last: readonly Endpoint[] | undefined;
  let confirmedMs: number | undefined;
  let fresh = false;

  while (!signal.aborted) {
    let heldSinceMs: number | undefined;
    const session = new AbortController();
    const endSession = (): void => session.abort();
    signal.addEventListener("abort", endSession, { once: true });

    const tell: Tell = (endpoints) => {
      if (session.signal.aborted) return;
      const list = endpointList(endpoints);
      if (!allowEmpty && list.length === 0 && last !== undefined && last.length > 0) {
        throw new ExportError("unavailable", `${name} says that there is nobody, which is not believed (allowEmpty)`);
      }
      confirmedMs = time.now();
      heldSinceMs ??= confirmedMs;
      const changed = last === undefined || !sameList(last, list);
      if (changed) found(list, last === undefined);
      last = list;
      if (!fresh || changed) onState?.({ state: "fresh", source: name, endpoints: list.length });
      fresh = true;
    };
    let error: ExportError | undefined;
    try {
      await follow(tell, session.signal, time);
    } catch (cause) {
      error = ExportError.from(cause, `cannot follow ${name}`);
    } finally {
      signal.removeEventListener("abort", endSession);
      endSession();
    }
    if (signal.aborted) return;
    if (heldSinceMs !== undefined && time.now() - heldSinceMs >= healthyMs) waits.reset();
    const retryInMs = waits.next(error?.retryAfterMs);
    if (error !== undefined) {
      fresh = false;
      onState?.({ state: "stale", source: name, sinceMs: confirmedMs, error, retryInMs });
    }
    await sleep(time, retryInMs, signal);
  }
}

/** Room for one value: a new one takes the place of one that nobody has taken yet. */
interface Slot<T> {
  put(value: T): void;
  /** The next value; `undefined` when it is over. */
  take(): Promise<T | undefined>;
}

function slot<T>(over: AbortSignal): Slot<T> {
  let held: { readonly value: T } | undefined;
  let wake = (): void => {};
  over.addEventListener("abort", () => wake(), { once: true });
  return {
    put(value) {
      held = { value };
      wake();
    },
    async take() {
      if (held === undefined && !over.aborted) await new Promise<void>((resolve) => (wake = resolve));
      if (over.aborted) return undefined;
      const value = held?.value;
      held = undefined;
      return value;
    },
  };
}

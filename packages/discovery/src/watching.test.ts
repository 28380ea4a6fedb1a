import { type Endpoint, ExportError } from "@otlpkit/core";
import { type FakeClock, fakeClock } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import type { SourceState } from "./source-state.ts";
import { type Follow, type Tell, watching, type WatchOptions } from "./watching.ts";

const a: Endpoint = { url: "http://a:4317" };
const b: Endpoint = { url: "http://b:4317" };
const c: Endpoint = { url: "http://c:4317" };
const down = new ExportError("unavailable", "down");

describe("a watch", () => {
  it("tells the first list at once, sorted by id, each id once", async () => {
    const { lists, clock, end } = watch(held((tell) => tell([c, a, c, b])));
    await clock.advance(0);
    expect(lists).toEqual([[a, b, c]]);
    await end();
  });

  it("tells a change when the burst is over, and each list once", async () => {
    const { lists, clock, end, tell } = watch();
    await clock.advance(0);
    tell([a]);
    for (const list of [[a, b], [b], [b, c]]) {
      tell(list);
      await clock.advance(40);
    }
    expect(lists).toEqual([[a]]);
    await clock.advance(50);
    expect(lists).toEqual([[a], [b, c]]);
    tell([c, b]);
    await clock.advance(2000);
    expect(lists).toHaveLength(2);
    await end();
  });

  it("tells nothing when a burst ends where it began", async () => {
    const { lists, clock, end, tell } = watch();
    await clock.advance(0);
    tell([a]);
    await clock.advance(0);
    tell([]);
    tell([a]);
    await clock.advance(2000);
    expect(lists).toEqual([[a]]);
    await end();
  });

  it("lets no burst hold a change back for more than a second", async () => {
    const { lists, clock, end, tell } = watch();
    await clock.advance(0);
    tell([a]);
    for (let step = 0; step < 99; step++) {
      tell(step % 2 === 0 ? [a, b] : [a, c]);
      await clock.advance(20);
    }
    expect(lists).toHaveLength(2);
    await end();
  });

  it("keeps the last list while the source fails, and tries again after growing waits chosen by chance", async () => {
    const times: number[] = [];
    const clock = fakeClock();
    const { lists, end } = watch(
      async (tell) => {
        if (times.push(clock.now()) === 1) tell([a]);
        throw down;
      },
      {},
      clock,
    );
    await clock.advance(750);
    expect(times).toEqual([0, 50, 150, 350, 750]);
    await clock.advance(200_000);
    expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBe(15_000);
    expect(lists).toEqual([[a]]);
    await end();
  });

  it("begins with short waits again once the source has held for a while", async () => {
    const clock = fakeClock();
    const times: number[] = [];
    const holdsMs = [0, 0, 0, 6000, 0];
    const { end } = watch(
      async (tell) => {
        times.push(clock.now());
        const holdMs = holdsMs.shift() ?? 0;
        if (holdMs > 0) tell([a]);
        await clock.sleep(holdMs);
        throw down;
      },
      { random: () => 0.999 },
      clock,
    );
    await clock.advance(7000);
    expect(times.slice(0, 5)).toEqual([0, 100, 300, 700, 6800]);
    await end();
  });

  it("stays away as long as the source asks", async () => {
    const clock = fakeClock();
    const times: number[] = [];
    const busy = new ExportError("overloaded", "busy", { retryAfterMs: 7000 });
    const { end } = watch(
      async () => {
        times.push(clock.now());
        throw busy;
      },
      {},
      clock,
    );
    await clock.advance(7000);
    expect(times).toEqual([0, 7000]);
    await end();
  });

  it("believes a source that says there is nobody, unless told not to", async () => {
    const believing = watch();
    await believing.clock.advance(0);
    believing.tell([a]);
    await believing.clock.advance(0);
    believing.tell([]);
    await believing.clock.advance(2000);
    expect(believing.lists).toEqual([[a], []]);
    await believing.end();

    let empty = false;
    const doubting = watch(
      held((tell) => tell(empty ? [] : [a])),
      { allowEmpty: false },
    );
    await doubting.clock.advance(0);
    empty = true;
    doubting.fail();
    await doubting.clock.advance(1000);
    expect(doubting.lists).toEqual([[a]]);
    expect(doubting.states.at(-1)).toMatchObject({ state: "stale", sinceMs: 0 });
    await doubting.end();
  });

  it("says how fresh the list is", async () => {
    const { states, clock, end, tell, fail } = watch(undefined, { random: () => 0.5 });
    await clock.advance(0);
    tell([a]);
    await clock.advance(10);
    tell([a]);
    tell([a, b]);
    await clock.advance(300);
    fail();
    await clock.advance(60);
    tell([a, b]);
    await clock.advance(0);
    expect(states).toEqual([
      { state: "fresh", source: "test", endpoints: 1 },
      { state: "fresh", source: "test", endpoints: 2 },
      { state: "stale", source: "test", sinceMs: 10, error: down, retryInMs: 50 },
      { state: "fresh", source: "test", endpoints: 2 },
    ]);
    await end();
  });

  it("gives a slow reader the newest list", async () => {
    const clock = fakeClock();
    let tell: Tell = () => {};
    const registry = watching(
      "test",
      { ...clock, debounceMs: 0 },
      held((given) => void (tell = given)),
    );
    const over = new AbortController();
    const reading = registry.watch(over.signal)[Symbol.asyncIterator]();
    const first = reading.next();
    await clock.advance(0);
    tell([a]);
    expect((await first).value).toEqual([a]);
    for (const list of [[b], [c], [a, c]]) {
      tell(list);
      await clock.advance(10);
    }
    expect((await reading.next()).value).toEqual([a, c]);
    over.abort();
    expect((await reading.next()).done).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("ends with the signal, once the source has been let go of, and leaves no timer", async () => {
    for (const follow of [held((tell) => tell([a])), async () => Promise.reject(down)]) {
      const clock = fakeClock();
      const watched = watch(follow, {}, clock);
      await clock.advance(20);
      await watched.end();
      expect(clock.pending).toBe(0);
    }
  });

  it("lets go of the source when its reader leaves the loop", async () => {
    let following = 0;
    const registry = watching("test", {}, async (tell, signal) => {
      following++;
      tell([a]);
      await ended(signal);
      following--;
    });
    for await (const list of registry.watch(new AbortController().signal)) {
      expect(list).toEqual([a]);
      break;
    }
    expect(following).toBe(0);
  });

  it("does not begin for a signal that has been aborted", async () => {
    let following = 0;
    const registry = watching("test", {}, async () => void following++);
    for await (const list of registry.watch(AbortSignal.abort())) expect(list).toBe("never");
    expect(following).toBe(0);
  });
});

interface Watched {
  readonly clock: FakeClock;
  readonly lists: (readonly Endpoint[])[];
  readonly states: SourceState[];
  /** From inside the source that is followed at the moment. */
  readonly tell: (list: readonly Endpoint[]) => void;
  readonly fail: () => void;
  readonly end: () => Promise<void>;
}

/** Reads everything. Without a source of its own it is told lists and failures from outside. */
function watch(source?: Follow, options: WatchOptions = {}, clock: FakeClock = fakeClock()): Watched {
  const lists: (readonly Endpoint[])[] = [];
  const states: SourceState[] = [];
  const over = new AbortController();
  let tellNow: Tell = () => {};
  let failNow = (): void => {};
  const follow: Follow = (tell, signal, time) =>
    new Promise((resolve, reject) => {
      tellNow = tell;
      failNow = () => reject(down);
      (source ?? held(() => {}))(tell, signal, time).then(resolve, reject);
    });
  const registry = watching(
    "test",
    { random: () => 0.5, ...clock, onState: (state) => states.push(state), ...options },
    follow,
  );
  const reading = (async () => {
    for await (const list of registry.watch(over.signal)) lists.push(list);
  })();
  return {
    clock,
    lists,
    states,
    tell: (list) => tellNow(list),
    fail: () => failNow(),
    end: async () => {
      over.abort();
      await reading;
    },
  };
}

/** A source that says something once and is silent then. */
function held(begin: (tell: Tell) => void): Follow {
  return async (tell, signal) => {
    begin(tell);
    await ended(signal);
  };
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

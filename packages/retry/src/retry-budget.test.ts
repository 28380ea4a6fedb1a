import { accepted, ExportError, protobufBatch, type Sender } from "@otlpkit/core";
import { type FakeClock, fakeClock } from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retry, type RetryBudget, retryBudget } from "./index.ts";

const traces = protobufBatch("traces", Uint8Array.of(1), 1);
const unavailable = new ExportError("unavailable", "cannot reach collector:4317");

describe("retryBudget", () => {
  it("grants the minimum of each second whatever happens", () => {
    const { budget, pass } = setUp({ minPerSecond: 3 });
    expect([1, 2, 3].map(() => budget.take())).toEqual([0, 0, 0]);
    expect(budget.take()).toBe(1000);
    pass(400);
    expect(budget.take()).toBe(600);
    pass(600);
    expect(budget.take()).toBe(0);
  });

  it("grants a part of what succeeded lately, once", () => {
    const { budget, pass } = setUp({ minPerSecond: 1, ratio: 0.2 });
    for (let n = 0; n < 10; n++) budget.succeeded();
    pass(1000);
    expect([1, 2, 3].map(() => budget.take())).toEqual([0, 0, 0]);
    expect(budget.take()).toBeGreaterThan(0);
    pass(1000);
    expect([budget.take(), budget.take() > 0]).toEqual([0, true]);
  });

  it("forgets what succeeded long ago", () => {
    const { budget, pass } = setUp({ minPerSecond: 1, windowMs: 10_000 });
    for (let n = 0; n < 100; n++) budget.succeeded();
    pass(10_000);
    expect([budget.take(), budget.take() > 0]).toEqual([0, true]);
  });

  it("spreads those who must wait", () => {
    const clock = fakeClock();
    const randoms = [0.1, 0.9];
    const budget = retryBudget({ minPerSecond: 1, now: () => clock.now(), random: () => randoms.shift() ?? 0 });
    budget.take();
    expect([budget.take(), budget.take()]).toEqual([1100, 1900]);
  });

  it("refuses options that make no sense", () => {
    expect(() => retryBudget({ ratio: -1 })).toThrow(/ratio/);
    expect(() => retryBudget({ minPerSecond: 0 })).toThrow(/minPerSecond/);
    expect(() => retryBudget({ windowMs: 10 })).toThrow(/windowMs/);
  });

  it("never grants more in a window than the ratio of its successes and the minimum", () => {
    const event = fc.record({ afterMs: fc.integer({ min: 0, max: 900 }), succeeds: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 300 }),
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (events, minPerSecond, ratio) => {
          const { budget, pass, now } = setUp({ minPerSecond, ratio, windowMs: 10_000 });
          const successes: number[] = [];
          const granted: number[] = [];
          for (const { afterMs, succeeds } of events) {
            pass(afterMs);
            if (succeeds) {
              budget.succeeded();
              successes.push(now());
            } else if (budget.take() === 0) granted.push(now());
          }
          // Windows of whole seconds, as it counts.
          const second = (ms: number): number => Math.floor(ms / 1000);
          for (let last = 0; last <= second(now()); last++) {
            const inWindow = (times: number[]): number =>
              times.filter((at) => second(at) > last - 10 && second(at) <= last).length;
            expect(inWindow(granted)).toBeLessThanOrEqual(ratio * inWindow(successes) + 10 * minPerSecond);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("retry with a budget", () => {
  it("multiplies the traffic by no more than 1 + ratio, and the minimum, when everything fails", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 10 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        async (perSecond, minPerSecond, ratio) => {
          const seconds = 12;
          const clock = fakeClock();
          const budget = retryBudget({ minPerSecond, ratio, now: () => clock.now(), random: () => 0.5 });
          const sent = await load({ clock, budget, perSecond, seconds, works: () => false });
          expect(sent.first).toBe(perSecond * seconds);
          expect(sent.all - sent.first).toBeLessThanOrEqual(ratio * sent.first + minPerSecond * (seconds + 1));
        },
      ),
      { numRuns: 8 },
    );
  });

  it("repeats many times more without one", async () => {
    const sent = await load({ clock: fakeClock(), perSecond: 20, seconds: 30, works: () => false });
    expect(sent.all).toBeGreaterThan(3 * sent.first);
  });

  it("delivers everything in the end: who has no turn waits for one", async () => {
    const clock = fakeClock();
    const budget = retryBudget({ minPerSecond: 5, now: () => clock.now(), random: () => 0.5 });
    const sent = await load({ clock, budget, perSecond: 10, seconds: 20, works: () => clock.now() > 20_000 });
    await clock.advance(60_000);
    expect(sent.delivered()).toBe(200);
  });

  it("gives up at once when the turn would come too late", async () => {
    const clock = fakeClock();
    const budget = retryBudget({ minPerSecond: 1, now: () => clock.now(), random: () => 0 });
    budget.take();
    const failing: Sender = { send: () => Promise.reject(unavailable), close: () => Promise.resolve() };
    const sender = retry({ ...clock, initialDelayMs: 100, jitter: 0, budget })(failing);
    const sent = sender.send(traces, { deadline: 500 }).catch((error: unknown) => error);
    await clock.advance(100);
    expect(await sent).toMatchObject({ code: "unavailable", retryable: true, message: /too much is being repeated/ });
    expect(clock.now()).toBe(100);
  });
});

function setUp(options: Parameters<typeof retryBudget>[0]): {
  budget: RetryBudget;
  pass: (ms: number) => void;
  now: () => number;
} {
  let nowMs = 0;
  const now = (): number => nowMs;
  return { budget: retryBudget({ now, random: () => 0, ...options }), pass: (ms) => void (nowMs += ms), now };
}

interface Load {
  readonly clock: FakeClock;
  readonly budget?: RetryBudget;
  readonly perSecond: number;
  readonly seconds: number;
  readonly works: () => boolean;
}

/** Sends at a steady rate for some time, and counts what arrives. */
async function load({ clock, budget, perSecond, seconds, works }: Load): Promise<{
  first: number;
  all: number;
  delivered: () => number;
}> {
  let all = 0;
  let delivered = 0;
  const destination: Sender = {
    async send() {
      all++;
      if (!works()) throw unavailable;
      return accepted;
    },
    close: () => Promise.resolve(),
  };
  const sender = retry({ ...clock, random: () => 0.5, ...(budget === undefined ? {} : { budget }) })(destination);
  let first = 0;
  for (let second = 0; second < seconds; second++) {
    for (let n = 0; n < perSecond; n++) {
      first++;
      sender.send(traces, {}).then(
        () => delivered++,
        () => undefined,
      );
    }
    await clock.advance(1000);
  }
  return { first, all, delivered: () => delivered };
}

import {
  type Ack,
  accepted,
  type Batch,
  ExportError,
  protobufBatch,
  type Sender,
  type SendOptions,
} from "@otlpkit/core";
import { type FakeClock, fakeClock, middlewareCases } from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retry, type RetryEvent, type RetryOptions, type ThrottleEvent } from "./index.ts";

const traces = protobufBatch("traces", Uint8Array.of(1, 2, 3), 5);
const metrics = protobufBatch("metrics", Uint8Array.of(4), 1);
const unavailable = new ExportError("unavailable", "cannot reach collector:4317");
const throttled = (retryAfterMs: number): ExportError =>
  new ExportError("overloaded", "too much", { retryAfterMs, grpcStatus: 14 });

describe("retry keeps the contract", () => middlewareCases({ it }, () => retry()));

describe("retry", () => {
  it("tries again after an error that is retryable, with the very same batch (F-17)", async () => {
    const { sender, destination, clock } = setUp([unavailable, unavailable, accepted]);
    const sent = sender.send(traces, {});
    await clock.advance(2500);
    expect(await sent).toBe(accepted);
    expect(destination.times).toEqual([0, 1000, 2500]);
    expect(destination.batches.every((batch) => batch === traces)).toBe(true);
  });

  it("gives up at once when the error is permanent, and passes it unchanged (A-13)", async () => {
    const error = new ExportError("invalid", "malformed");
    const { sender, destination } = setUp([error]);
    await expect(sender.send(traces, {})).rejects.toBe(error);
    expect(destination.times).toEqual([0]);
  });

  it("takes a partial success as the last word (G-01)", async () => {
    const partly: Ack = { rejectedItems: 2, message: "two were bad" };
    const { sender, destination } = setUp([partly]);
    expect(await sender.send(traces, {})).toBe(partly);
    expect(destination.times).toEqual([0]);
  });

  it("wraps what is not an ExportError, and does not send it again", async () => {
    const { sender } = setUp([new TypeError("undefined is not a function")]);
    await expect(sender.send(traces, {})).rejects.toMatchObject({ code: "rejected", name: "ExportError" });
  });

  it("stops after maxAttempts and says so", async () => {
    const { sender, clock, destination } = setUp([unavailable], { maxAttempts: 3 });
    const sent = outcome(sender.send(traces, {}));
    await clock.advance(60_000);
    expect(destination.times).toHaveLength(3);
    expect(await sent).toMatchObject({
      code: "unavailable",
      retryable: true,
      cause: unavailable,
      message: "gave up after 3 attempts in 2500 ms, no more attempts are allowed: cannot reach collector:4317",
    });
  });

  it("begins no attempt after maxElapsedMs, five minutes by default", async () => {
    const { sender, clock, destination } = setUp([unavailable]);
    const sent = outcome(sender.send(traces, {}));
    await clock.advance(3_600_000);
    expect(await sent).toMatchObject({ code: "unavailable", retryable: true });
    expect(destination.times.at(-1)).toBeGreaterThan(250_000);
    expect(destination.times.at(-1)).toBeLessThan(300_000);
  });

  it.each([0, Infinity])("knows no limit of time with maxElapsedMs %d", async (maxElapsedMs) => {
    const { sender, clock, destination } = setUp([unavailable], { maxElapsedMs });
    const abort = new AbortController();
    const sent = outcome(sender.send(traces, { signal: abort.signal }));
    await clock.advance(3_600_000);
    expect(destination.times.at(-1)).toBeGreaterThan(3_500_000);
    abort.abort();
    expect(await sent).toMatchObject({ code: "cancelled" });
  });

  it("tells of each wait before it begins", async () => {
    const events: RetryEvent[] = [];
    const { sender, clock } = setUp([unavailable, throttled(300), accepted], {
      onRetry: (event) => events.push(event),
    });
    const sent = sender.send(traces, {});
    await clock.advance(5000);
    await sent;
    expect(events).toEqual([
      { attempt: 1, delayMs: 1000, error: unavailable, batch: traces },
      { attempt: 2, delayMs: 375, error: expect.objectContaining({ retryAfterMs: 300 }), batch: traces },
    ]);
  });
});

describe("retry and time", () => {
  it("hands the caller's deadline to every attempt (A-18)", async () => {
    const { sender, clock, destination } = setUp([unavailable, accepted]);
    const sent = sender.send(traces, { deadline: 9000 });
    await clock.advance(1000);
    await sent;
    expect(destination.options.map((options) => options.deadline)).toEqual([9000, 9000]);
  });

  it("gives each attempt its own time when asked, and tries again when one took too long (F-15)", async () => {
    const timeout = new ExportError("timeout", "no answer within 400 ms");
    const { sender, clock, destination } = setUp([timeout, timeout, accepted], { attemptTimeoutMs: 400 });
    const sent = sender.send(traces, { deadline: 2600 });
    await clock.advance(2500);
    expect(await sent).toBe(accepted);
    expect(destination.options.map((options) => options.deadline)).toEqual([400, 1400, 2600]);
  });

  it("fails at once when the next attempt would begin after the deadline (F-16)", async () => {
    const { sender, destination } = setUp([throttled(60_000)]);
    const error = await outcome(sender.send(traces, { deadline: 10_000 }));
    expect(error).toMatchObject({ code: "overloaded", retryable: true, retryAfterMs: 60_000, grpcStatus: 14 });
    expect(error).toHaveProperty("message", expect.stringContaining("asks to wait 60000 ms"));
    expect(destination.times).toEqual([0]);
  });

  it("does not begin at all when the deadline has passed", async () => {
    const { sender, destination, clock } = setUp([accepted]);
    await clock.advance(50);
    expect(await outcome(sender.send(traces, { deadline: 50 }))).toMatchObject({ code: "timeout", retryable: true });
    expect(destination.times).toEqual([]);
  });

  it("stops waiting as soon as the caller gives up", async () => {
    const { sender, clock, destination } = setUp([unavailable]);
    const abort = new AbortController();
    const sent = outcome(sender.send(traces, { signal: abort.signal }));
    await clock.advance(10);
    abort.abort();
    expect(await sent).toMatchObject({ code: "cancelled", retryable: false });
    expect(clock.pending).toBe(0);
    expect(destination.times).toEqual([0]);
  });

  it("makes the attempts that a model of it makes, whatever is answered", async () => {
    const failure = fc.record({ retryable: fc.boolean(), retryAfterMs: fc.oneof(fc.constant(0), fc.nat(5000)) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(failure, { maxLength: 12 }),
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 10 }),
        async (failures, deadline, maxAttempts) => {
          const answers = failures.map(
            ({ retryable, retryAfterMs }) => new ExportError("rejected", "no", { retryable, retryAfterMs }),
          );
          const { sender, clock, destination } = setUp([...answers, accepted], { maxAttempts, jitter: 0 });
          const sent = outcome(sender.send(traces, { deadline }));
          await clock.advance(100_000);
          expect(destination.times).toEqual(model(failures, deadline, maxAttempts));
          const delivered = destination.times.length > failures.length;
          expect(await sent).toEqual(delivered ? accepted : expect.any(ExportError));
          expect(clock.pending).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("retry and throttling", () => {
  it("holds back other batches of the signal while the destination wants none (F-18, A-24)", async () => {
    const { sender, clock, destination } = setUp([throttled(2000), accepted], { random: () => 0 });
    const first = sender.send(traces, {});
    await clock.advance(100);
    const second = sender.send(traces, {});
    const other = sender.send(metrics, {});
    expect(await other).toBe(accepted);
    await clock.advance(1899);
    expect(destination.times).toEqual([0, 100]);
    await clock.advance(1);
    expect(await Promise.all([first, second])).toEqual([accepted, accepted]);
    expect(destination.times).toEqual([0, 100, 2000, 2000]);
  });

  it("does not hold back what goes to another destination", async () => {
    const stage = retry({ now: () => 0, setTimer: () => () => {} });
    const busy = stage({ send: () => Promise.reject(throttled(5000)), close: async () => {} });
    const idle = stage({ send: async () => accepted, close: async () => {} });
    const waiting = outcome(busy.send(traces, {}));
    expect(await idle.send(traces, {})).toBe(accepted);
    await busy.close();
    await waiting;
  });

  it("refuses at once what would be held back beyond its deadline", async () => {
    const { sender, clock, destination } = setUp([throttled(8000), accepted]);
    const first = outcome(sender.send(traces, {}));
    await clock.advance(1000);
    const late = await outcome(sender.send(traces, { deadline: 5000 }));
    expect(late).toMatchObject({ code: "overloaded", retryable: true, retryAfterMs: 7000 });
    expect(destination.times).toEqual([0]);
    await clock.advance(20_000);
    await first;
  });

  it("goes on holding back while others are told to wait longer", async () => {
    const { sender, clock, destination } = setUp([throttled(1000), throttled(3000), accepted], { random: () => 0 });
    const sends = [sender.send(traces, {})];
    await clock.advance(500);
    sends.push(sender.send(traces, {}), sender.send(traces, {}));
    await clock.advance(60_000);
    await Promise.all(sends);
    const [, , ...later] = destination.times.filter((time) => time > 0);
    expect(later.every((time) => time >= 1000)).toBe(true);
  });

  it("comes back after five minutes, though the destination asked for a year (F-07)", async () => {
    const year = 365 * 24 * 3600 * 1000;
    const { sender, clock, destination } = setUp([throttled(year), accepted]);
    const error = await outcome(sender.send(traces, { deadline: 10_000 }));
    expect(error).toMatchObject({ code: "overloaded", retryable: true, retryAfterMs: 300_000, grpcStatus: 14 });
    await clock.advance(300_000);
    expect(await sender.send(traces, {})).toBe(accepted);
    expect(destination.times).toEqual([0, 300_000]);
  });

  it("grants a destination the longest wait it is told to", async () => {
    const { sender, clock, destination } = setUp([throttled(5000), accepted], {
      maxRetryAfterMs: 2000,
      random: () => 0,
    });
    const sent = sender.send(traces, {});
    await clock.advance(2000);
    await sent;
    expect(destination.times).toEqual([0, 2000]);
  });

  it("counts a throttling answer that is not retryable against others too", async () => {
    const refusal = new ExportError("rejected", "quota used up", { retryAfterMs: 1000 });
    const { sender, clock, destination } = setUp([refusal, accepted]);
    await expect(sender.send(traces, {})).rejects.toBe(refusal);
    const next = sender.send(traces, {});
    await clock.advance(1000);
    await next;
    expect(destination.times).toEqual([0, 1000]);
  });
});

describe("retry and those who want to know of throttling", () => {
  it("tells them who asked for a pause, of which signal and how long", async () => {
    const events: ThrottleEvent[] = [];
    const error = throttled(2000);
    const { sender, clock } = setUp([error, accepted], { onThrottle: (event) => events.push(event) });
    const sent = sender.send(traces, {});
    await clock.advance(10_000);
    await sent;
    expect(events).toEqual([{ signal: "traces", delayMs: 2000, error }]);
  });

  it("tells them again only when the pause grows", async () => {
    const events: ThrottleEvent[] = [];
    const { sender, clock } = setUp([throttled(2000), throttled(1000), throttled(3000), accepted], {
      onThrottle: (event) => events.push(event),
    });
    const sends = [1, 2, 3].map(() => sender.send(traces, {}));
    await clock.advance(60_000);
    await Promise.all(sends);
    expect(events.map(({ delayMs }) => delayMs)).toEqual([2000, 3000]);
  });

  it("tells them of the wait that is granted, not of what was asked", async () => {
    const events: ThrottleEvent[] = [];
    const asked = throttled(31_536_000_000);
    const { sender } = setUp([asked], { onThrottle: (event) => events.push(event), maxRetryAfterMs: 60_000 });
    const sent = outcome(sender.send(traces, { deadline: 1000 }));
    await sent;
    expect(events).toMatchObject([{ delayMs: 60_000, error: { cause: asked } }]);
  });

  it("tells them too when the answer that asks is final", async () => {
    const events: ThrottleEvent[] = [];
    const refusal = new ExportError("rejected", "quota used up", { retryAfterMs: 1000 });
    const { sender } = setUp([refusal], { onThrottle: (event) => events.push(event) });
    await outcome(sender.send(traces, {}));
    expect(events).toMatchObject([{ delayMs: 1000, error: refusal }]);
  });
});

describe("retry when closed", () => {
  it("wakes who waits; they fail with their last error, marked retryable (F-20)", async () => {
    const { sender, clock, destination } = setUp([throttled(30_000)]);
    const retried = outcome(sender.send(traces, {}));
    await clock.advance(10);
    const held = outcome(sender.send(traces, {}));
    await clock.advance(10);
    await sender.close();
    expect(await retried).toMatchObject({ code: "overloaded", retryable: true, retryAfterMs: 30_000 });
    expect(await held).toMatchObject({ code: "overloaded", retryable: true, retryAfterMs: 29_980 });
    expect(destination.closed).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it("lets an attempt under way end, and does not follow it by another", async () => {
    let fail: ((error: ExportError) => void) | undefined;
    const pending = new Promise<Ack>((_, reject) => (fail = reject));
    const { sender, destination } = setUp([() => pending]);
    const sent = outcome(sender.send(traces, {}));
    await sender.close();
    fail?.(unavailable);
    expect(await sent).toBe(unavailable);
    expect(destination.times).toEqual([0]);
  });

  it("takes nothing more, and closes what is behind it once", async () => {
    const { sender, destination } = setUp([accepted]);
    await Promise.all([sender.close(), sender.close()]);
    expect(await outcome(sender.send(traces, {}))).toMatchObject({ code: "closed" });
    expect(destination.closed).toBe(1);
    expect(destination.times).toEqual([]);
  });
});

describe("retry with the real clock", () => {
  it("waits and delivers", async () => {
    const answers = [unavailable, throttled(5), unavailable];
    const sender = retry({ initialDelayMs: 1 })({
      send: () => {
        const error = answers.shift();
        return error ? Promise.reject(error) : Promise.resolve(accepted);
      },
      close: async () => {},
    });
    expect(await sender.send(traces, { deadline: performance.now() + 10_000 })).toBe(accepted);
    await sender.close();
  });
});

type Answer = Ack | Error | (() => Promise<Ack>);

interface Destination {
  readonly times: number[];
  readonly batches: Batch[];
  readonly options: SendOptions[];
  closed: number;
}

/** A retry stage on a fake clock, before a destination that gives `answers` in turn and then the last for ever. */
function setUp(
  answers: readonly Answer[],
  options: RetryOptions = {},
): { sender: Sender; destination: Destination; clock: FakeClock } {
  const clock = fakeClock();
  const destination: Destination = { times: [], batches: [], options: [], closed: 0 };
  const left = [...answers];
  const sender = retry({ random: () => 0.5, ...clock, ...options })({
    async send(batch, sendOptions) {
      destination.times.push(clock.now());
      destination.batches.push(batch);
      destination.options.push(sendOptions);
      const answer = batch.signal === "metrics" ? accepted : left.length > 1 ? left.shift() : left[0];
      if (answer instanceof Error) throw answer;
      return typeof answer === "function" ? answer() : (answer ?? accepted);
    },
    async close() {
      destination.closed++;
    },
  });
  return { sender, destination, clock };
}

/** When attempts begin without jitter, written down as plainly as can be. */
function model(
  failures: readonly { retryable: boolean; retryAfterMs: number }[],
  deadline: number,
  maxAttempts: number,
): number[] {
  const times = [0];
  let now = 0;
  let own = 0;
  let asked = 0;
  for (const [index, { retryable, retryAfterMs }] of failures.entries()) {
    if (!retryable || index + 1 >= maxAttempts) break;
    if (retryAfterMs > 0) asked = Math.max(retryAfterMs, Math.min(asked * 1.5, 30_000));
    else {
      asked = 0;
      own = own === 0 ? 1000 : Math.min(own * 1.5, 30_000);
    }
    const delay = Math.ceil(retryAfterMs > 0 ? asked : own);
    if (now + delay >= deadline) break;
    now += delay;
    times.push(now);
  }
  return times;
}

async function outcome(result: Promise<Ack>): Promise<unknown> {
  return result.catch((error: unknown) => error);
}

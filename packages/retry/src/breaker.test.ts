import { type Ack, accepted, ExportError, pipe, protobufBatch, type Sender } from "@otlpkit/core";
import { fakeClock, middlewareCases, recordingSender } from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { breaker, type BreakerEvent, type BreakerOptions, retry } from "./index.ts";

const traces = protobufBatch("traces", Uint8Array.of(1), 1);
const unavailable = new ExportError("unavailable", "cannot reach collector:4317");

describe("breaker keeps the contract", () => middlewareCases({ it }, () => breaker()));

describe("breaker", () => {
  it("opens when half of at least 20 sends failed, and then asks nobody", async () => {
    const { far, fail, succeed, send, events } = setUp();
    await succeed(10);
    await fail(9);
    expect(events).toEqual([]);
    await fail(1);
    expect(events).toMatchObject([{ from: "closed", to: "open", openMs: 5000, error: unavailable }]);
    const before = far.batches.length;
    expect(await send()).toMatchObject({ code: "unavailable", retryable: true, retryAfterMs: 5000 });
    expect(far.batches.length).toBe(before);
  });

  it("concludes nothing from little, and forgets what is long ago", async () => {
    const { clock, fail, events } = setUp();
    await fail(19);
    await clock.advance(10_000);
    await fail(19);
    expect(events).toEqual([]);
  });

  it("says how long it is until the next probe", async () => {
    const { clock, send, trip } = setUp();
    await trip();
    await clock.advance(2000);
    expect(await send()).toMatchObject({ retryAfterMs: 3000 });
  });

  it("lets one through when the time is over, and the others wait for what becomes of it", async () => {
    const { clock, far, send, trip, events } = setUp();
    await trip();
    await clock.advance(5000);
    let answer: (ack: Ack) => void = () => {};
    far.script(() => new Promise<Ack>((resolve) => (answer = resolve)));
    const probe = send();
    expect(await send()).toMatchObject({ code: "unavailable", retryAfterMs: 1000 });
    answer(accepted);
    expect(await probe).toBe(accepted);
    expect(events.map(({ to }) => to)).toEqual(["open", "half-open", "closed"]);
    far.script(accepted);
    expect(await send()).toBe(accepted);
  });

  it("wants as many probes to succeed as it is told", async () => {
    const { clock, succeed, trip, events } = setUp({ probes: 3 });
    await trip();
    await clock.advance(5000);
    await succeed(2);
    expect(events.at(-1)?.to).toBe("half-open");
    await succeed(1);
    expect(events.at(-1)?.to).toBe("closed");
  });

  it("stays open longer each time a probe fails, up to its bound, and starts anew once it was closed", async () => {
    const { clock, fail, succeed, trip, events } = setUp();
    await trip();
    for (const openMs of [5000, 10_000, 20_000, 30_000]) {
      await clock.advance(openMs);
      await fail(1);
    }
    await clock.advance(30_000);
    await succeed(1);
    await trip();
    expect(events.filter(({ to }) => to === "open").map(({ openMs }) => openMs)).toEqual([
      5000, 10_000, 20_000, 30_000, 30_000, 5000,
    ]);
  });

  it("leaves a part of that time to chance", async () => {
    const { trip, events } = setUp({ random: () => 0 });
    await trip();
    expect(events[0]?.openMs).toBe(4000);
  });

  it.each([
    new ExportError("invalid", "malformed", { grpcStatus: 3 }),
    new ExportError("unauthenticated", "who are you", { grpcStatus: 16 }),
    new ExportError("forbidden", "not you", { grpcStatus: 7 }),
    new ExportError("too-large", "too much at once"),
    new ExportError("rejected", "no such thing", { grpcStatus: 5 }),
    new ExportError("overloaded", "later", { retryAfterMs: 100, grpcStatus: 8 }),
    new ExportError("unavailable", "later", { retryAfterMs: 100, grpcStatus: 14 }),
    new ExportError("cancelled", "the caller gave up"),
  ])("takes $code for no failure of the destination ($message)", async (error) => {
    const { failWith, events } = setUp();
    await failWith(error, 100);
    expect(events).toEqual([]);
  });

  it.each([
    unavailable,
    new ExportError("timeout", "no answer"),
    new ExportError("bad-response", "no gRPC"),
    new ExportError("rejected", "internal error", { grpcStatus: 13 }),
    new ExportError("rejected", "unknown error", { grpcStatus: 2 }),
  ])("takes $code for a failure of the destination ($message)", async (error) => {
    const { failWith, events } = setUp();
    await failWith(error, 20);
    expect(events).toMatchObject([{ to: "open" }]);
  });

  it("learns nothing from a probe that was cancelled, and tries another", async () => {
    const { clock, failWith, succeed, trip, events } = setUp();
    await trip();
    await clock.advance(5000);
    await failWith(new ExportError("cancelled", "the caller gave up"), 1);
    expect(events.at(-1)?.to).toBe("half-open");
    await succeed(1);
    expect(events.at(-1)?.to).toBe("closed");
  });

  it("takes no notice of answers to what was sent before it opened", async () => {
    const { clock, far, send, trip, events } = setUp();
    let answer: (ack: Ack) => void = () => {};
    far.script(() => new Promise<Ack>((resolve) => (answer = resolve)));
    const early = send();
    await trip();
    await clock.advance(5000);
    far.script(() => new Promise<Ack>(() => {}));
    void send();
    answer(accepted);
    expect(await early).toBe(accepted);
    expect(events.at(-1)?.to).toBe("half-open");
  });

  it("makes retry wait until there is a probe, and delivers when the destination is back", async () => {
    const clock = fakeClock();
    let sends = 0;
    const destination: Sender = {
      async send() {
        sends++;
        if (clock.now() < 60_000) throw unavailable;
        return accepted;
      },
      close: () => Promise.resolve(),
    };
    const protect = breaker({ now: () => clock.now(), random: () => 0.5 });
    const sender = pipe(retry({ ...clock, random: () => 0.5 }), protect, destination);
    const delivered = Promise.all(Array.from({ length: 50 }, () => sender.send(traces, {})));
    await clock.advance(59_000);
    // Fifty at first, and one at each of a few probes.
    expect(sends).toBeLessThan(60);
    await clock.advance(120_000);
    expect(await delivered).toHaveLength(50);
  });

  it("sends a dead destination next to nothing, whatever is wanted of it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 50 }), fc.integer({ min: 1, max: 3 }), async (perSecond, probes) => {
        const clock = fakeClock();
        const { far, send } = setUp({ probes }, clock);
        far.script(unavailable);
        for (let second = 0; second < 120; second++) {
          await Promise.all(Array.from({ length: perSecond }, send));
          await clock.advance(1000);
        }
        // Until it opens it sees 20 and what comes with the last of them; then probes after 5, 15, 35, 65 and 95 s.
        expect(far.batches.length).toBeLessThanOrEqual(20 + perSecond + 5 * probes);
      }),
      { numRuns: 10 },
    );
  });

  it("refuses options that make no sense", () => {
    expect(() => breaker({ failureRatio: 0 })).toThrow(/failureRatio/);
    expect(() => breaker({ probes: 0 })).toThrow(/probes/);
    expect(() => breaker({ growth: 0.5 })).toThrow(/growth/);
  });
});

function setUp(options: BreakerOptions = {}, clock: ReturnType<typeof fakeClock> = fakeClock()) {
  const events: BreakerEvent[] = [];
  const far = recordingSender(clock);
  const onChange = (event: BreakerEvent): void => void events.push(event);
  const stage = breaker({ now: () => clock.now(), random: () => 0.5, onChange, ...options })(far);
  const send = (): Promise<unknown> => stage.send(traces, {}).catch((error: unknown) => error);
  const repeat = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) await send();
  };
  const failWith = (error: ExportError, times: number): Promise<void> => {
    far.script(error);
    return repeat(times);
  };
  const fail = (times: number): Promise<void> => failWith(unavailable, times);
  const succeed = (times: number): Promise<void> => {
    far.script(accepted);
    return repeat(times);
  };
  return { clock, far, send, events, failWith, fail, succeed, trip: () => fail(20) };
}

import { type Ack, accepted, type Batch, ExportError, protobufBatch, type Sender } from "@otlpkit/core";
import { type FakeClock, fakeClock, middlewareCases, recordingSender } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { adaptiveConcurrency, type AdaptiveConcurrencyOptions } from "./index.ts";

const traces = protobufBatch("traces", new Uint8Array(1000), 1);
const of = (tenant: string, bytes = 1000): Batch => ({ ...traces, body: new Uint8Array(bytes), tenant });

// Its cases have five under way at a time.
describe("adaptiveConcurrency keeps the contract", () =>
  middlewareCases({ it }, () => adaptiveConcurrency({ initial: 5 })));

describe("adaptiveConcurrency", () => {
  it.each([3, 12, 40])("finds out that a destination works on %d at a time", async (capacity) => {
    const { clock, destination, limits } = simulation({ capacity, serviceMs: 50 });
    await clock.advance(20_000);
    const settled = limits.since(10_000);
    expect(Math.min(...settled)).toBeGreaterThanOrEqual(Math.floor(capacity * 0.6));
    expect(Math.max(...settled)).toBeLessThanOrEqual(Math.ceil(1.25 * capacity + 2 * Math.sqrt(2 * capacity)) + 1);
    // and makes full use of it
    expect(destination.answered / (20_000 / 50)).toBeGreaterThan(0.85 * capacity);
  });

  it("finds it out too when answers take now longer, now shorter", async () => {
    const { clock, destination, limits } = simulation({ capacity: 20, serviceMs: 50, spread: 0.9 });
    await clock.advance(20_000);
    expect(Math.max(...limits.since(10_000))).toBeLessThan(45);
    expect(destination.answered / (20_000 / 50)).toBeGreaterThan(0.8 * 20);
  });

  it("stays below the limit of one that refuses what is too much, refused seldom", async () => {
    const { clock, destination } = simulation({ capacity: 20, serviceMs: 50, queue: 0 });
    await clock.advance(20_000);
    expect(destination.answered / (20_000 / 50)).toBeGreaterThan(0.8 * 20);
    expect(destination.refused / destination.answered).toBeLessThan(0.05);
  });

  it("backs off when the destination can take less, and recovers when it can take more again", async () => {
    const { clock, destination, limits } = simulation({ capacity: 40, serviceMs: 50 });
    await clock.advance(10_000);
    destination.capacity = 5;
    await clock.advance(20_000);
    expect(Math.max(...limits.since(20_000))).toBeLessThanOrEqual(20);
    destination.capacity = 40;
    await clock.advance(30_000);
    expect(limits.now()).toBeGreaterThan(30);
  });

  it("takes no slower destination for a fuller one", async () => {
    const { clock, destination, limits } = simulation({ capacity: 20, serviceMs: 20 });
    await clock.advance(5_000);
    destination.serviceMs = 200;
    await clock.advance(30_000);
    expect(limits.now()).toBeGreaterThan(12);
    const before = destination.answered;
    await clock.advance(10_000);
    expect((destination.answered - before) / (10_000 / 200)).toBeGreaterThan(0.8 * 20);
  });

  it("learns nothing from a destination that is hardly asked", async () => {
    const clock = fakeClock();
    const limits: number[] = [];
    const far = recordingSender(clock);
    far.script(() => clock.sleep(50).then(() => accepted));
    const stage = adaptiveConcurrency({ ...clock, onLimit: (limit) => limits.push(limit) })(far);
    for (let n = 0; n < 100; n++) {
      void stage.send(traces, {});
      await clock.advance(50);
    }
    expect(limits).toEqual([]);
  });

  it("keeps to its bounds", async () => {
    const slow = simulation({ capacity: 1, serviceMs: 50 }, { min: 4, initial: 4 });
    await slow.clock.advance(10_000);
    expect(Math.min(...slow.limits.since(0))).toBeGreaterThanOrEqual(4);
    const fast = simulation({ capacity: 1000, serviceMs: 50 }, { max: 16 });
    await fast.clock.advance(5_000);
    expect(fast.destination.mostUnderWay).toBe(16);
    expect(() => adaptiveConcurrency({ initial: 300 })).toThrow(/initial/);
  });
});

describe("who waits for a turn in adaptiveConcurrency", () => {
  it("is refused when there is no room to wait, and told when to come back", async () => {
    const { send, far } = waiting({ max: 1, initial: 1, maxWaitingBytes: 2500 });
    far.script("hang");
    const held = [1, 2, 3].map(() => send(traces));
    const refusal = await send(traces);
    expect(refusal).toMatchObject({ code: "overloaded", retryable: true });
    expect((refusal as ExportError).retryAfterMs).toBeGreaterThanOrEqual(1000);
    await far.close();
    await Promise.all(held);
  });

  it("is refused at once when nobody may wait", async () => {
    const { send, far } = waiting({ max: 1, initial: 1, maxWaitingBytes: 0 });
    far.script("hang");
    const held = send(traces);
    expect(await send(traces)).toMatchObject({ code: "overloaded", retryAfterMs: expect.any(Number) });
    await far.close();
    await held;
  });

  it("alternates with other tenants, however long their line is", async () => {
    const { order, run } = inTurn({});
    await run([...Array.from({ length: 20 }, () => of("noisy")), of("a"), of("b"), of("a")]);
    expect(
      order
        .slice(0, 7)
        .filter((tenant) => tenant !== "noisy")
        .toSorted(),
    ).toEqual(["a", "a", "b"]);
  });

  it("has turns by bytes and by weight", async () => {
    const { order, run } = inTurn({ weights: { gold: 3 } });
    const each = (tenant: string, bytes: number): Batch[] => Array.from({ length: 30 }, () => of(tenant, bytes));
    await run([...each("large", 3000), ...each("small", 1000), ...each("gold", 1000)]);
    const first = order.slice(0, 39);
    const count = (tenant: string): number => first.filter((one) => one === tenant).length;
    // In the same time: one large, three small, nine of gold.
    expect(Math.abs(count("large") - 3)).toBeLessThanOrEqual(1);
    expect(Math.abs(count("small") - 9)).toBeLessThanOrEqual(1);
    expect(Math.abs(count("gold") - 27)).toBeLessThanOrEqual(1);
  });

  it("leaves when the caller gives up or its deadline passes, and takes no room any more", async () => {
    const { clock, stage, far } = waiting({ max: 1, initial: 1, maxWaitingBytes: 1300 });
    far.script("hang");
    const outcome = (sent: Promise<Ack>): Promise<unknown> => sent.catch((error: unknown) => error);
    const held = outcome(stage.send(traces, {}));
    const abort = new AbortController();
    const aborted = outcome(stage.send(traces, { signal: abort.signal }));
    abort.abort();
    expect(await aborted).toMatchObject({ code: "cancelled" });
    const late = outcome(stage.send(traces, { deadline: 500 }));
    await clock.advance(500);
    expect(await late).toMatchObject({ code: "timeout", retryable: true });
    expect(far.batches).toHaveLength(1);
    expect(clock.pending).toBe(0);
    await far.close();
    await held;
  });

  it("is sent before the stage closes", async () => {
    const { clock, stage, far } = waiting({ max: 1, initial: 1 });
    far.script(() => clock.sleep(100).then(() => accepted));
    const sent = [1, 2, 3].map(() => stage.send(traces, {}));
    const closed = stage.close();
    await expect(stage.send(traces, {})).rejects.toMatchObject({ code: "closed" });
    await clock.advance(1000);
    await closed;
    expect(await Promise.all(sent)).toEqual([accepted, accepted, accepted]);
    expect(far.closed).toBe(true);
  });
});

interface Destination extends Sender {
  /** How many it works on at a time. */
  capacity: number;
  /** How long one takes it. */
  serviceMs: number;
  readonly answered: number;
  readonly refused: number;
  readonly mostUnderWay: number;
}

/** `queue`: how many more it takes, to work on later; `spread`: times vary by that part. */
interface Behaviour {
  readonly capacity: number;
  readonly serviceMs: number;
  readonly queue?: number;
  readonly spread?: number;
}

function fakeDestination(
  clock: FakeClock,
  { capacity, serviceMs, queue = Infinity, spread = 0 }: Behaviour,
): Destination {
  const line: (() => void)[] = [];
  let working = 0;
  let seed = 1;
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const counts = { answered: 0, refused: 0, mostUnderWay: 0 };
  const destination = {
    capacity,
    serviceMs,
    get answered() {
      return counts.answered;
    },
    get refused() {
      return counts.refused;
    },
    get mostUnderWay() {
      return counts.mostUnderWay;
    },
    async send() {
      if (working >= destination.capacity) {
        if (line.length >= queue) {
          counts.refused++;
          throw new ExportError("overloaded", "too many at a time", { retryAfterMs: 10 });
        }
        await new Promise<void>((resolve) => line.push(resolve));
      }
      working++;
      counts.mostUnderWay = Math.max(counts.mostUnderWay, working + line.length);
      await clock.sleep(destination.serviceMs * (1 - spread + 2 * spread * random()));
      working--;
      counts.answered++;
      while (line.length > 0 && working < destination.capacity) {
        line.shift()?.();
        break;
      }
      return accepted;
    },
    close: () => Promise.resolve(),
  };
  return destination;
}

/** Two hundred senders that send again as soon as they are answered. */
function simulation(behaviour: Behaviour, options: AdaptiveConcurrencyOptions = {}) {
  const clock = fakeClock();
  const destination = fakeDestination(clock, behaviour);
  const changes: { readonly atMs: number; readonly limit: number }[] = [{ atMs: 0, limit: options.initial ?? 4 }];
  const onLimit = (limit: number): void => void changes.push({ atMs: clock.now(), limit });
  const stage = adaptiveConcurrency({ ...clock, onLimit, ...options })(destination);
  const loop = async (): Promise<void> => {
    for (;;) {
      const failed = await stage.send(traces, {}).then(
        () => false,
        () => true,
      );
      if (failed) await clock.sleep(10);
    }
  };
  for (let n = 0; n < 200; n++) void loop();
  const limits = {
    now: (): number => changes.at(-1)?.limit ?? 0,
    /** The limit at `atMs`, and all those that followed. */
    since: (atMs: number): number[] => {
      const before = changes.findLastIndex((change) => change.atMs <= atMs);
      return changes.slice(before).map(({ limit }) => limit);
    },
  };
  return { clock, destination, limits };
}

function waiting(options: AdaptiveConcurrencyOptions) {
  const clock = fakeClock();
  const far = recordingSender(clock);
  const stage = adaptiveConcurrency({ ...clock, ...options })(far);
  const send = (batch: Batch): Promise<unknown> => stage.send(batch, {}).catch((error: unknown) => error);
  return { clock, far, stage, send };
}

/** One at a time; `order` is whose turn it was, those who had to wait. */
function inTurn(options: AdaptiveConcurrencyOptions) {
  const order: string[] = [];
  const { clock, stage, far } = waiting({ initial: 1, max: 1, ...options });
  far.script((batch) => {
    order.push(batch.tenant ?? "");
    return clock.sleep(10).then(() => accepted);
  });
  const run = async (batches: readonly Batch[]): Promise<void> => {
    const sent = [of("first"), ...batches].map((batch) => stage.send(batch, {}));
    await clock.advance(10_000);
    await Promise.all(sent);
    order.shift();
  };
  return { order, run };
}

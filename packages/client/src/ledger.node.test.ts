import { type Ack, type Batch, ExportError, type Sender, type SendOptions, signalNames } from "@otlpkit/core";
import { fakeClock, seeded } from "@otlpkit/testkit";
import { expect, it } from "vitest";
import { createClient } from "./index.ts";

/** Numbers from 0 to below 1 that follow from a seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const errors = [
  () => new ExportError("unavailable", "down"),
  () => new ExportError("overloaded", "later", { retryAfterMs: 700 }),
  () => new ExportError("timeout", "no answer"),
  () => new ExportError("invalid", "400"),
  () => new ExportError("too-large", "413"),
];

/** A far side that takes, refuses, stalls and breaks as chance has it. Counts what it took and what it refused. */
function moody(random: () => number, clock: ReturnType<typeof fakeClock>) {
  const taken = { items: 0, rejected: 0 };
  const sender: Sender = {
    async send({ items }: Batch, { signal, deadline }: SendOptions): Promise<Ack> {
      const delayMs = random() < 0.5 ? 0 : Math.floor(random() * 3000);
      const leftMs = (deadline ?? Infinity) - clock.now();
      await clock.sleep(Math.min(delayMs, leftMs), signal);
      if (signal?.aborted === true) throw new ExportError("cancelled", "gone");
      if (delayMs > leftMs) throw new ExportError("timeout", "too slow");
      const mood = random();
      if (mood < 0.3) throw (errors[Math.floor(random() * errors.length)] as () => ExportError)();
      const rejectedItems = mood < 0.4 ? Math.ceil(random() * items) : 0;
      taken.items += items - rejectedItems;
      taken.rejected += rejectedItems;
      return { rejectedItems, message: rejectedItems > 0 ? "some" : "" };
    },
    async close() {},
  };
  return { sender, taken };
}

const policies = ["drop-newest", "drop-oldest", "sample", "block"] as const;

// 100 at a time, so that a test that hangs says where.
it.each(Array.from({ length: 10 }, (_, index) => index * 100))(
  "the ledger closes whatever happens: accepted = delivered + rejected + dropped + left (schedules from seed %i)",
  async (firstSeed) => {
    for (let seed = firstSeed; seed < firstSeed + 100; seed++) await schedule(seed);
  },
);

async function schedule(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const clock = fakeClock();
  const { sender, taken } = moody(random, clock);
  const pick = (most: number): number => Math.floor(random() * most);
  const client = createClient({
    environment: false,
    transport: { name: "moody", connect: () => sender },
    ...clock,
    random,
    flushAtExit: false,
    onWarning: () => {},
    maxBatchItems: 1 + pick(20),
    maxAgeMs: pick(500),
    maxConcurrent: 1 + pick(4),
    maxBufferBytes: 2000 + pick(20_000),
    giveUpAfterMs: 1000 + pick(20_000),
    timeoutMs: 1000 + pick(5000),
    ...(random() < 0.3 ? { maxQueueItems: 1 + pick(50) } : {}),
    whenFull: policies[pick(policies.length)] as (typeof policies)[number],
  });
  let recorded = 0;
  const waits: Promise<unknown>[] = [];
  const data = seeded(seed);
  const at = 1_700_000_000_000;
  const steps = 20 + pick(40);
  const closeAt = random() < 0.3 ? pick(steps) : steps;
  let closing: Promise<unknown> | undefined;
  for (let step = 0; step < steps; step++) {
    const what = random();
    if (what < 0.6) {
      for (let count = 1 + pick(30); count > 0; count--, recorded++) {
        if (random() < 0.5) client.recordSpan({ name: "s", start: at, end: at + 1 });
        else client.recordLog({ body: "x".repeat(pick(200)) });
      }
    } else if (what < 0.75) {
      const batch = data.traces({ items: 1 + pick(10) });
      const controller = new AbortController();
      if (random() < 0.3) void clock.sleep(pick(1000)).then(() => controller.abort());
      if (closing === undefined) recorded += batch.items;
      waits.push(client.send(batch, { signal: controller.signal }).catch(() => undefined));
    } else if (what < 0.85) {
      waits.push(client.flush({ timeoutMs: pick(3000) }));
    }
    await clock.advance(pick(800));
    if (step === closeAt) closing = client.close({ timeoutMs: pick(5000) });
  }
  closing ??= client.close({ timeoutMs: pick(5000) });
  await clock.advance(10_000);
  await closing;
  await Promise.all(waits);

  const sum = { accepted: 0, delivered: 0, rejected: 0, dropped: 0, left: 0, pending: 0 };
  for (const signal of signalNames) {
    const counted = client.counters(signal);
    const dropped = Object.values(counted.dropped).reduce((all, items) => all + items, 0);
    for (const name of ["accepted", "delivered", "rejected", "left", "pending"] as const) sum[name] += counted[name];
    sum.dropped += dropped;
    expect(
      counted.delivered + counted.rejected + dropped + counted.left + counted.pending,
      `seed ${seed}, ${signal}`,
    ).toBe(counted.accepted);
  }
  expect(sum, `seed ${seed}`).toMatchObject({ accepted: recorded, delivered: taken.items, pending: 0 });
  expect(clock.pending, `timers left, seed ${seed}`).toBe(0);
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ledger } from "@otlpkit/testkit";
import { expect } from "vitest";
import { type TimedLedger, timedLedger } from "./delivery-times.ts";
import { load, type LoadOutcome, quantile } from "./load.ts";
import { type OverloadedRelay, overloadedRelay } from "./overloaded-relay.ts";
import { type SlowDestination, slowDestination } from "./slow-destination.ts";

/** What the destination of these scenarios takes at a time, as many as a queue sends, and how long each takes it. */
const capacity = 8;
const serviceMs = 200;
const mebibyte = 1_048_576;
const perSecond = (1000 / serviceMs) * capacity;

interface Scene {
  readonly book: TimedLedger;
  readonly destination: SlowDestination;
  readonly relay: OverloadedRelay;
}

interface Setting {
  readonly budgetBytes: number;
  readonly tenants?: string;
  /** Of a queue on disk; 0: there is none. */
  readonly queueBytes: number;
}

async function inScene<T>(setting: Setting, play: (scene: Scene) => Promise<T>): Promise<T> {
  const { queueBytes, ...bounds } = setting;
  const book = timedLedger(ledger());
  const destination = await slowDestination(capacity, serviceMs, book);
  const folder = mkdtempSync(join(tmpdir(), "otlpkit-overload-"));
  const queue = queueBytes === 0 ? {} : { queue: { folder, maxBytes: queueBytes } };
  const relay = await overloadedRelay({ destination: destination.url, consumers: capacity, ...bounds, ...queue });
  try {
    const played = await play({ book, destination, relay });
    if (queueBytes > 0) await relay.drained();
    await relay.expectClosedLedger();
    expect(await relay.close()).toBe(0);
    // What was acknowledged has arrived, and memory has kept to its bounds.
    expect(book.report()).toMatchObject({ missing: [], unexpected: [] });
    expect(relay.most.budgetBytes).toBeLessThanOrEqual(setting.budgetBytes);
    expect(relay.most.residentBytes).toBeLessThan(400 * 1_048_576);
    return played;
  } finally {
    await relay.close();
    await destination.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function expectKindRefusals(outcomes: readonly LoadOutcome[]): void {
  for (const { failures, withoutDelay } of outcomes)
    expect({ failures, withoutDelay }).toEqual({ failures: [], withoutDelay: 0 });
}

/** Figures of a run at twice what the destination takes. */
export interface TwiceTheLoad {
  /** Requests a second that the destination took; it can take {@link perSecond}, less what timers are late. */
  readonly goodput: number;
  readonly refusals: number;
  readonly residentBytes: number;
}

/** Twice as much as the destination takes, half over HTTP and half over gRPC; senders try for `patienceSeconds`. */
export function twiceTheLoad(
  seconds: number,
  seed: number,
  { patienceSeconds = 5, queueBytes = 0 }: { readonly patienceSeconds?: number; readonly queueBytes?: number } = {},
): Promise<TwiceTheLoad> {
  return inScene({ budgetBytes: mebibyte, queueBytes }, async ({ book, destination, relay }) => {
    const loads = (["http", "grpc"] as const).map((protocol, number) =>
      load({
        sender: relay.over(protocol),
        perSecond,
        items: 40,
        seconds,
        patienceSeconds,
        seed: seed + number,
        book,
      }),
    );
    const goodput = await rateOf(destination, 1000, seconds * 1000 - 1000);
    const outcomes = await Promise.all(loads);
    expectKindRefusals(outcomes);
    const refusals = outcomes.reduce((sum, outcome) => sum + outcome.refusals, 0);
    expect(refusals).toBeGreaterThan(0);
    expect(destination.mostUnderWay).toBeLessThanOrEqual(capacity);
    return { goodput, refusals, residentBytes: relay.most.residentBytes };
  });
}

/** What the destination takes a second under requests that wait for it without end, as many at a time as it takes. */
export async function sustainable(seconds: number, seed: number, queueBytes = 0): Promise<number> {
  return inScene({ budgetBytes: 64 * mebibyte, queueBytes }, async ({ book, destination, relay }) => {
    const common = { items: 40, seconds, patienceSeconds: 10, book };
    const loads = load({ ...common, sender: relay.over("grpc"), perSecond: 1.1 * perSecond, seed });
    const rate = await rateOf(destination, 1000, seconds * 1000 - 1000);
    await loads;
    return rate;
  });
}

/** Figures of a run with a tenant that sends twenty times its share. */
export interface NoisyTenant {
  /** Of the quiet tenants, in ms, without the noisy one and beside it. */
  readonly p99Alone: number;
  readonly p99Beside: number;
  /** The same, from the sender to the destination: behind a queue, the answer comes before. */
  readonly deliveredAlone: number;
  readonly deliveredBeside: number;
  readonly noisyRefusals: number;
  readonly residentBytes: number;
}

const quietTenants = ["a", "b", "c"];

/** Three tenants that send half of their share, first by themselves, then beside one that sends `times` its share. */
export function noisyTenant(times: number, seconds: number, seed: number, queueBytes = 0): Promise<NoisyTenant> {
  const setting = { budgetBytes: mebibyte, tenants: "tenants: { header: x-tenant }", queueBytes };
  return inScene(setting, async ({ book, relay }) => {
    const share = perSecond / (quietTenants.length + 1);
    const senders = quietTenants.map((_, number) => relay.over(number === 0 ? "http" : "grpc"));
    const quietly = (from: number): Promise<LoadOutcome>[] =>
      quietTenants.map((tenant, number) =>
        load({
          sender: senders[number]!,
          perSecond: share / 2,
          items: 5,
          seconds,
          patienceSeconds: 5,
          tenant,
          seed: from + number,
          book,
        }),
      );
    const alone = await Promise.all(quietly(seed));
    const timesAlone = book.timesOf(quietTenants);
    const noise = load({
      sender: relay.over("grpc"),
      perSecond: times * share,
      items: 20,
      seconds: seconds + 1,
      patienceSeconds: 0,
      tenant: "noisy",
      seed: seed + 10,
      book,
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const beside = await Promise.all(quietly(seed + 20));
    const timesBeside = book.timesOf(quietTenants);
    const noisy = await noise;
    expectKindRefusals([...alone, ...beside, noisy]);
    for (const { batches, delivered, reasons } of [...alone, ...beside]) {
      expect({ delivered, reasons }).toEqual({ delivered: batches, reasons: [] });
    }
    expect(noisy.refusals).toBeGreaterThan(0);
    const p99 = (times: readonly number[]): number =>
      quantile(
        times.toSorted((x, y) => x - y),
        0.99,
      );
    const answersOf = (outcomes: readonly LoadOutcome[]): number[] => outcomes.flatMap(({ latencies }) => latencies);
    return {
      p99Alone: p99(answersOf(alone)),
      p99Beside: p99(answersOf(beside)),
      deliveredAlone: p99(timesAlone),
      deliveredBeside: p99(timesBeside),
      noisyRefusals: noisy.refusals,
      residentBytes: relay.most.residentBytes,
    };
  });
}

/** Answers a second, after so many ms and for so long. */
async function rateOf(destination: SlowDestination, afterMs: number, forMs: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const [startMs, before] = [performance.now(), destination.answered];
  await new Promise((resolve) => setTimeout(resolve, forMs));
  return ((destination.answered - before) / (performance.now() - startMs)) * 1000;
}

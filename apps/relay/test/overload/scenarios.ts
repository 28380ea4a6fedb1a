import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ledger } from "@otlpkit/testkit";
import { expect } from "vitest";
import { type TimedLedger, timedLedger } from "./delivery-times.ts";
import { load, type LoadOutcome, quantile } from "./load.ts";
import { type OverloadedRelay, overloadedRelay } from "./overloaded-relay.ts";
import { type SlowDestination, slowDestination } from "./slow-destination.ts";

/** What the destination of these scenarios takes at a time, and how many it gets, so that it never waits for one. */
const capacity = 8;
const consumers = 10;
const mebibyte = 1_048_576;
/** For requests: some thirty of those that the scenarios send. */
const budgetBytes = mebibyte;

/** What a scenario is played with. */
export interface Terms {
  readonly seconds: number;
  readonly seed: number;
  /** How long a request takes the destination. The longer, the less a machine that is busy matters. Default 400. */
  readonly serviceMs?: number;
  /** Of a queue on disk. Default 0: there is none. */
  readonly queueBytes?: number;
  /** So long senders come back that are refused. Default 5. */
  readonly patienceSeconds?: number;
}

/** What the destination takes a second. */
const rateWith = (serviceMs: number): number => (1000 / serviceMs) * capacity;

interface Scene {
  readonly book: TimedLedger;
  readonly destination: SlowDestination;
  readonly relay: OverloadedRelay;
}

interface Setting {
  readonly budgetBytes: number;
  readonly tenants?: string;
  readonly queueBytes: number;
  readonly serviceMs: number;
}

async function inScene<T>(setting: Setting, play: (scene: Scene) => Promise<T>): Promise<T> {
  const { queueBytes, serviceMs, ...bounds } = setting;
  const book = timedLedger(ledger());
  const destination = await slowDestination(capacity, serviceMs, book);
  const folder = mkdtempSync(join(tmpdir(), "otlpkit-overload-"));
  const queue = queueBytes === 0 ? {} : { queue: { folder, maxBytes: queueBytes } };
  const relay = await overloadedRelay({ destination: destination.url, consumers, ...bounds, ...queue });
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
  /** Requests a second that the destination took; no more than it can, less what timers are late. */
  readonly goodput: number;
  readonly refusals: number;
  readonly residentBytes: number;
}

/** Twice as much as the destination takes, half over HTTP and half over gRPC. */
export function twiceTheLoad(terms: Terms): Promise<TwiceTheLoad> {
  const { patienceSeconds = 5, queueBytes = 0, seconds, seed, serviceMs = 400 } = terms;
  return inScene({ budgetBytes, queueBytes, serviceMs }, async ({ book, destination, relay }) => {
    const loads = (["http", "grpc"] as const).map((protocol, number) =>
      load({
        sender: relay.over(protocol),
        perSecond: rateWith(serviceMs),
        items: 70,
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
    expect(destination.mostUnderWay).toBeLessThanOrEqual(consumers);
    return { goodput, refusals, residentBytes: relay.most.residentBytes };
  });
}

/** What the destination takes a second under requests that wait for it without end, as many at a time as it takes. */
export function sustainable({ queueBytes = 0, seconds, seed, serviceMs = 400 }: Terms): Promise<number> {
  const perSecond = 1.1 * rateWith(serviceMs);
  return inScene({ budgetBytes: 64 * mebibyte, queueBytes, serviceMs }, async ({ book, destination, relay }) => {
    const common = { items: 70, seconds, patienceSeconds: 10, book };
    const loads = load({ ...common, sender: relay.over("grpc"), perSecond, seed });
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
export function noisyTenant(times: number, terms: Terms): Promise<NoisyTenant> {
  const { queueBytes = 0, seconds, seed, serviceMs = 400 } = terms;
  const setting = { budgetBytes, tenants: "tenants: { header: x-tenant }", queueBytes, serviceMs };
  return inScene(setting, async ({ book, relay }) => {
    const share = rateWith(serviceMs) / (quietTenants.length + 1);
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
      items: 40,
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

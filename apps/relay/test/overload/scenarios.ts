import { ledger } from "@otlpkit/testkit";
import { expect } from "vitest";
import { load, type LoadOutcome, quantile } from "./load.ts";
import { type OverloadedRelay, overloadedRelay } from "./overloaded-relay.ts";
import { type SlowDestination, slowDestination } from "./slow-destination.ts";

/** What the destination of these scenarios takes at a time, as many as a queue sends, and how long each takes it. */
const capacity = 8;
const serviceMs = 200;
const mebibyte = 1_048_576;
const perSecond = (1000 / serviceMs) * capacity;

interface Scene {
  readonly book: ReturnType<typeof ledger>;
  readonly destination: SlowDestination;
  readonly relay: OverloadedRelay;
}

async function inScene<T>(budgetBytes: number, tenants: string, play: (scene: Scene) => Promise<T>): Promise<T> {
  const book = ledger();
  const destination = await slowDestination(capacity, serviceMs, book);
  const relay = await overloadedRelay(destination.url, capacity, budgetBytes, tenants);
  try {
    const played = await play({ book, destination, relay });
    expect(await relay.close()).toBe(0);
    // What was acknowledged has arrived, and memory has kept to its bounds.
    expect(book.report()).toMatchObject({ missing: [], unexpected: [] });
    expect(relay.most.budgetBytes).toBeLessThanOrEqual(budgetBytes);
    expect(relay.most.residentBytes).toBeLessThan(400 * 1_048_576);
    return played;
  } finally {
    await relay.close();
    await destination.close();
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

/** Twice as much as the destination takes, half over HTTP and half over gRPC. */
export function twiceTheLoad(seconds: number, seed: number): Promise<TwiceTheLoad> {
  return inScene(mebibyte, "", async ({ book, destination, relay }) => {
    const loads = (["http", "grpc"] as const).map((protocol, number) =>
      load({
        sender: relay.over(protocol),
        perSecond,
        items: 40,
        seconds,
        patienceSeconds: 5,
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
export async function sustainable(seconds: number, seed: number): Promise<number> {
  return inScene(64 * mebibyte, "", async ({ book, destination, relay }) => {
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
  readonly noisyRefusals: number;
  readonly residentBytes: number;
}

const quietTenants = ["a", "b", "c"];

/** Three tenants that send half of their share, first by themselves, then beside one that sends `times` its share. */
export function noisyTenant(times: number, seconds: number, seed: number): Promise<NoisyTenant> {
  return inScene(mebibyte, "tenants: { header: x-tenant }", async ({ book, relay }) => {
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
    const noisy = await noise;
    expectKindRefusals([...alone, ...beside, noisy]);
    for (const { batches, delivered, reasons } of [...alone, ...beside]) {
      expect({ delivered, reasons }).toEqual({ delivered: batches, reasons: [] });
    }
    expect(noisy.refusals).toBeGreaterThan(0);
    const p99 = (outcomes: readonly LoadOutcome[]): number =>
      quantile(
        outcomes.flatMap(({ latencies }) => latencies).toSorted((x, y) => x - y),
        0.99,
      );
    return {
      p99Alone: p99(alone),
      p99Beside: p99(beside),
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

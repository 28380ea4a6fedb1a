import assert from "node:assert/strict";
import {
  byTenant,
  consistentHash,
  leastConnections,
  peakEwma,
  preferZone,
  roundRobin,
  route,
  weightedRoundRobin,
} from "@otlpkit/balancer";
import { accepted, type Balancer, type Batch, type Candidate, type Registry, type Transport } from "@otlpkit/core";
import { scan, splitByKey, traceIdHash, traceIdKey } from "@otlpkit/otlp";
import { seeded } from "@otlpkit/testkit";
import type { AmountFinding, Bench, Finding } from "../bench.ts";
import { bigItems, protobufjsTraces, traces } from "../fixtures.ts";
import { compare, local, type Side } from "../measure.ts";

/**
 * L1 to L3: what choosing an endpoint costs. Picks are to take no more than a hundredth of what sending a big request
 * does, about a millisecond; the other side is an index drawn at random, which looks at nothing.
 */
export const balancing: readonly Bench[] = [
  { name: "L1 picks a second, 10, 100 and 1,000 endpoints", run: async () => picks() },
  { name: "L2 rebuild when the list changes", run: async () => rebuilds() },
  { name: "L3 B3 split by trace id over 16 endpoints", run: splits },
];

const sizes = [10, 100, 1_000];
const random = (): number => Math.random();

const balancers: readonly (readonly [string, () => Balancer])[] = [
  ["round robin", () => roundRobin()],
  ["weighted round robin", () => weightedRoundRobin()],
  ["least connections", () => leastConnections()],
  ["peak EWMA", () => peakEwma()],
  ["peak EWMA, own zone first", () => preferZone(peakEwma(), { zone: "zone-0" })],
  ["rendezvous", () => consistentHash({ key: byTenant() })],
  ["ring", () => consistentHash({ key: byTenant(), method: "ring" })],
];

function candidatesOf(count: number, weightOf: (index: number) => number = () => 1): Candidate[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `10.0.${index >> 8}.${index & 0xff}:4317`;
    const weight = weightOf(index);
    const endpoint = { url: `http://${id}`, id, weight, zone: `zone-${index % 3}` };
    return { endpoint, id, weight, inFlight: index % 5, latencyMs: 5 + (index % 7) };
  });
}

/** A request of one span. What it takes to read trace ids is in L3. */
const span: Batch = { ...seeded(1).traces({ items: 1 }), tenant: "shop" };

function picks(): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [name, make] of balancers) {
    for (const count of sizes) {
      const list = candidatesOf(count);
      const balancer = make();
      const ours = perSecond(() => balancer.pick(list, span));
      const theirs = perSecond(() => list[Math.floor(random() * count)]);
      findings.push(
        amount("L1", `${name}, ${count}`, "an index at random", "picks/s", ours, theirs, { atLeast: 100_000 }),
      );
    }
  }
  return findings;
}

function rebuilds(): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [name, make] of balancers.slice(1)) {
    for (const count of sizes) {
      const balancer = make();
      const weighted = candidatesOf(count, (index) => 1 + (index % 2));
      // Two lists in turn of which neither holds all of the other, so that no ring does for both.
      const lists = [weighted, [...weighted.slice(1), ...candidatesOf(1)]];
      let turn = 0;
      const first = (): unknown => balancer.pick([...(lists[turn++ & 1] as Candidate[])], span);
      const ours = perSecond(first).map((rate) => 1_000 / rate);
      const theirs = perSecond(() => weighted.map(({ id }) => id).toSorted()).map((rate) => 1_000 / rate);
      const work = `first pick from a new list, ${name}, ${count}`;
      findings.push(amount("L2", work, "sort as many ids", "ms", ours, theirs, { atMost: 100 }));
    }
  }
  return findings;
}

async function splits(): Promise<readonly Finding[]> {
  const batch = traces(bigItems);
  const type = protobufjsTraces();
  const list = candidatesOf(16);
  const balancer = consistentHash();
  const ours = (): number => balancer.split?.(list, batch).size ?? 0;
  const parts = balancer.split?.(list, batch) ?? new Map();
  assert.equal(
    [...parts.values()].reduce((sum, { body }) => sum + scan("traces", body), 0),
    bigItems,
  );
  const peer = (): number => splitDecoded(type, batch.body, list.length);
  const common = { id: "L3", peer: "protobufjs decode + encode", by: "cpu", items: bigItems } as const;

  const requests = { count: 0 };
  const sender = route(registryOf(list), balancer)(counting(requests));
  await sender.send(batch, {});
  assert.equal(requests.count, parts.size);
  const through: Side = async (rounds) => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    for (let round = 0; round < rounds; round++) await sender.send(batch, {});
    const wallMicros = (performance.now() - start) * 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { wallMicros, cpuMicros: user + system };
  };
  const findings: Finding[] = [
    {
      ...common,
      work: "split over 16 by trace id, consistentHash",
      goal: 100,
      comparison: await compare(local(ours), local(peer)),
    },
    {
      ...common,
      work: "the same through a route, 16 sends",
      goal: 100,
      comparison: await compare(through, local(peer)),
    },
    {
      ...common,
      work: "the same, against a request per trace",
      peer: "splitByKey(batch, traceIdKey)",
      goal: 0,
      comparison: await compare(
        local(ours),
        local(() => splitByKey(batch, traceIdKey).size),
      ),
    },
  ];
  await sender.close();
  return findings;
}

interface Span {
  readonly traceId: Uint8Array;
}
interface Decoded {
  readonly resourceSpans: readonly {
    readonly resource: unknown;
    readonly scopeSpans: readonly { readonly scope: unknown; readonly spans: readonly Span[] }[];
  }[];
}

/** The same on objects: spans sorted by the hash of their trace, each part with the resources and scopes it needs. */
function splitDecoded(type: ReturnType<typeof protobufjsTraces>, body: Uint8Array, count: number): number {
  const request = type.decode(body) as unknown as Decoded;
  const parts = Array.from({ length: count }, (): object[] => []);
  for (const { resource, scopeSpans } of request.resourceSpans) {
    for (const { scope, spans } of scopeSpans) {
      const sorted = Map.groupBy(spans, ({ traceId }) => traceIdHash(traceId) % count);
      for (const [part, some] of sorted) parts[part]?.push({ resource, scopeSpans: [{ scope, spans: some }] });
    }
  }
  let bytes = 0;
  for (const resourceSpans of parts) bytes += type.encode(type.create({ resourceSpans })).finish().length;
  return bytes;
}

function registryOf(list: readonly Candidate[]): Registry {
  return {
    name: "fixed",
    async *watch(signal) {
      yield list.map(({ endpoint }) => endpoint);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  };
}

function counting(requests: { count: number }): Transport {
  return {
    name: "none",
    connect: () => ({
      async send() {
        requests.count++;
        return accepted;
      },
      async close() {},
    }),
  };
}

/** Five runs of about 100 ms each; calls in a second of CPU, which a busy machine blurs less than one of the clock. */
function perSecond(work: () => unknown): number[] {
  let rounds = 1;
  // The first builds what is kept for the list.
  work();
  const run = (): number => {
    const cpu = process.cpuUsage();
    for (let round = 0; round < rounds; round++) work();
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / 1_000;
  };
  for (let ms = run(); ms < 50; ms = run()) rounds = Math.ceil(rounds * Math.min(10, 100 / Math.max(ms, 1)));
  return Array.from({ length: 5 }, () => (rounds * 1_000) / run());
}

function amount(
  id: string,
  work: string,
  peer: string,
  unit: string,
  ours: readonly number[],
  theirs: readonly number[],
  goal: AmountFinding["goal"],
): AmountFinding {
  const sorted = ours.toSorted((a, b) => a - b);
  const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
  const spread = [sorted[0] as number, sorted.at(-1) as number] as const;
  return { id, work, peer, unit, ours: middle(ours), theirs: middle(theirs), spread, goal };
}

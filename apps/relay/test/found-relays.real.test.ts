// A relay in front of others that it finds in etcd, where they register themselves, and in DNS: they come, go and die
// under load, and nothing that was acknowledged is lost.
import { real } from "@otlpkit/tool-real";
import { describe, expect, it, onTestFinished } from "vitest";
import { frontRelay, type FrontRelay } from "./found/front-relay.ts";
import { load, openSink, type Sink } from "./found/load.ts";
import { type Place, relayBehind } from "./found/relay-behind.ts";
import { dnsWorld, etcdWorld, type Protocol, type World } from "./found/worlds.ts";
import type { RelayProcess } from "./hostile/relay-process.ts";

const etcd = await real("etcd");
const bind = await real("bind");
const seed = Number(process.env["OTLPKIT_SEED"] ?? Date.now() % 2 ** 31);

/** How long nobody comes or goes, so that traces can be seen to be whole. */
const peaceMs = 1_500;

describe.skipIf(etcd === undefined)("relays that register themselves in etcd", () => {
  it.each(["grpc", "http"] as const)(
    `come, go and die behind one that sends by %s (seed ${seed})`,
    async (protocol) => {
      const failedWhileDraining = await comeGoAndDie(protocol, await etcdWorld(etcd!, protocol));
      // Whoever drains says so before its doors close.
      expect(failedWhileDraining).toBe(0);
    },
  );
});

describe.skipIf(bind === undefined)("relays that DNS knows", () => {
  it.each([
    ["SRV", "grpc"],
    ["A", "http"],
  ] as const)(`come, go and die by %s records, behind one that sends by %s (seed ${seed})`, async (type, protocol) => {
    await comeGoAndDie(protocol, await dnsWorld(bind!, protocol, type));
  });
});

/** Scales from 3 to 5 to 2 under load, with a death in between. How many attempts failed while relays were drained. */
async function comeGoAndDie(protocol: Protocol, world: World): Promise<number> {
  onTestFinished(() => world.close());
  const sink = await openSink();
  onTestFinished(() => sink.close());
  const front = await frontRelay(protocol, world.discovery);
  onTestFinished(() => front.close());
  const cluster = clusterOf(world, sink, front);
  onTestFinished(() => cluster.close());
  const traffic = load(seed, front.doors, sink);
  onTestFinished(async () => void (await traffic.stop()));

  await cluster.start(1, 2, 3);
  await cluster.peace(3);
  await cluster.start(4, 5);
  await cluster.peace(5);
  await world.restart();
  await cluster.peace(5);
  await cluster.kill(2);
  await cluster.peace(4);
  await cluster.start(2);
  await cluster.peace(5);
  const failedBefore = front.failedAttempts();
  await cluster.drain(1, 2, 3);
  await cluster.peace(2);
  const failedWhileDraining = front.failedAttempts() - failedBefore;

  const report = await traffic.stop();
  await front.close();
  const { traces, cut } = sink.traces.report();
  const ledger = front.relay.ledger();
  const repeated = Object.values(ledger.destinations).reduce((sum, balance) => sum + balance.repeated, 0);
  console.log(
    `${world.name} ${protocol}: ${report.sends} sends, ${report.acknowledged} items acknowledged, ` +
      `${report.duplicate.length} of them delivered twice (${repeated} sent again), ${report.missing.length} lost; ${traces} traces over several ` +
      `requests, ${cut.length} cut; failed attempts ${front.failedAttempts()}, ${failedWhileDraining} of them while draining\n` +
      cluster.figures.join("\n"),
  );
  expect(report).toMatchObject({ missing: [], unexpected: [], lost: [], failures: [] });
  expect(ledger).toMatchObject({ accepted: report.acknowledged, closes: true });
  // Repeats are known where they are made.
  expect(report.duplicate.length).toBeLessThanOrEqual(repeated);
  expect(cut).toEqual([]);
  expect(traces).toBeGreaterThan(10);
  return failedWhileDraining;
}

interface Cluster {
  /** What was measured, a line each. */
  readonly figures: readonly string[];
  start(...numbers: number[]): Promise<void>;
  /** Ends relays in order, all at once. */
  drain(...numbers: number[]): Promise<void>;
  kill(number: number): Promise<void>;
  /** Waits until so many are known and in use, and then a while in which nobody comes or goes. */
  peace(count: number): Promise<void>;
  close(): Promise<void>;
}

function clusterOf(world: World, sink: Sink, front: FrontRelay): Cluster {
  const places = new Map<number, Place>();
  const running = new Map<number, { readonly name: string; readonly process: RelayProcess }>();
  const figures: string[] = [];
  let started = 0;
  const behind = { sink: sink.address, ...(world.registration && { registration: world.registration }) };
  const eventually = async <T>(what: string, look: () => T | undefined): Promise<T> => {
    const endMs = performance.now() + 30_000;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (performance.now() > endMs) throw new Error(`${what}: not within 30 s\n${lastLines(front)}`);
      await pause(10);
    }
  };

  async function start(number: number): Promise<void> {
    const place = places.get(number) ?? (await world.place(number));
    places.set(number, place);
    const name = `${place.id} (${++started})`;
    const process = await relayBehind(place, behind, name);
    running.set(number, { name, process });
    const cameMs = await world.come(place, process);
    const firstMs = await eventually(`traffic for ${name}`, () => sink.firstMs.get(name));
    figures.push(`  ${name} was registered: first data delivered after ${Math.round(firstMs - cameMs)} ms`);
  }

  return {
    figures,
    async start(...numbers) {
      sink.traces.stable(false);
      await Promise.all(numbers.map(start));
    },
    async drain(...numbers) {
      sink.traces.stable(false);
      const codes = await Promise.all(
        numbers.map(async (number) => {
          await world.leave(places.get(number)!);
          const { name, process } = running.get(number)!;
          running.delete(number);
          const askedMs = performance.now();
          const code = await process.stop();
          const goneMs = performance.now();
          await world.bury(places.get(number)!);
          const lastMs = Math.round((sink.lastMs.get(name) ?? 0) - askedMs);
          figures.push(
            `  ${name} got SIGTERM: last data after ${lastMs} ms, gone after ${Math.round(goneMs - askedMs)} ms`,
          );
          return code;
        }),
      );
      expect(codes).toEqual(numbers.map(() => 0));
    },
    async kill(number) {
      sink.traces.stable(false);
      const place = places.get(number)!;
      const { name, process } = running.get(number)!;
      running.delete(number);
      const killedMs = performance.now();
      await process.stop("SIGKILL");
      const outMs = (): readonly (number | undefined)[] => front.outMs(world.nameOf(place), killedMs);
      await eventually(`${name} taken out`, () => outMs()[0]);
      // Where it is chosen by load, who fails is asked so seldom that it may take until the source knows.
      await world.bury(place);
      await eventually(`${name} taken out everywhere`, () => (outMs().includes(undefined) ? undefined : true));
      const waits = outMs().map((ms = 0) => `${Math.round(ms - killedMs)} ms`);
      figures.push(`  ${name} got SIGKILL: taken out after ${waits.join(" and ")}`);
    },
    async peace(count) {
      sink.traces.stable(false);
      await eventually(`${count} endpoints`, () =>
        front.known().every((known) => known === count) ? true : undefined,
      );
      await pause(200);
      sink.traces.stable(true);
      await pause(peaceMs);
      sink.traces.stable(false);
    },
    async close() {
      await Promise.all([...running.values()].map(({ process }) => process.stop("SIGKILL")));
    },
  };
}

function lastLines({ lines }: FrontRelay): string {
  return lines
    .slice(-20)
    .map((line) => JSON.stringify(line))
    .join("\n");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

import { registryCases, type RegistryWorld, type WorldEntry } from "@otlpkit/testkit/node";
import { real, type RealBackend, startBind } from "@otlpkit/tool-real";
import { describe, expect, it } from "vitest";
import { dnsRegistry, type DnsRegistryOptions } from "../src/dns/index.ts";

const bind = await real("bind");

const quick: DnsRegistryOptions = { minTtlMs: 50, maxTtlMs: 100, timeoutMs: 300, attempts: 1 };
const noSuchThing = "DNS has no room for it";
const cannot = {
  "hands on zones": noSuchThing,
  "hands on who is about to go": noSuchThing,
  "hands on what else is known": noSuchThing,
  "keeps the last list through answers that make no sense": "BIND makes sense",
  "says nothing for a source whose answers make no sense from the beginning": "BIND makes sense",
};

describe.skipIf(bind === undefined)("dnsRegistry for addresses (BIND)", () => {
  registryCases({ it }, () => bindWorld(bind as RealBackend, "relays.test:4317", addresses), {
    cannot: {
      ...cannot,
      "hands on weights": noSuchThing,
      "tells a new address under the same id": "an address is all that is known of each",
    },
  });
});

describe.skipIf(bind === undefined)("dnsRegistry for services (BIND)", () => {
  registryCases({ it }, () => bindWorld(bind as RealBackend, "_otlp._tcp.test", services), { cannot });
});

describe.skipIf(bind === undefined)("dnsRegistry and a large answer (BIND)", () => {
  it("gets by TCP what does not fit into a datagram", async () => {
    const world = await bindWorld(bind as RealBackend, "relays.test:4317", addresses, "max-udp-size 512;");
    try {
      const numbers = Array.from({ length: 90 }, (_, index) => index + 1);
      await world.putAll(numbers.map((number) => ({ id: `r${number}`, host: `127.0.1.${number}`, port: 4317 })));
      for await (const list of world.registry({} as never).watch(AbortSignal.timeout(10_000))) {
        expect(list).toHaveLength(90);
        return;
      }
      expect.unreachable("nothing was found");
    } finally {
      await world.dispose();
    }
  });

  it("says of a name that it stands for nobody, and of the root as a target likewise", async () => {
    const world = await bindWorld(bind as RealBackend, "_otlp._tcp.test", () => [
      "update add _otlp._tcp.test 1 SRV 0 0 0 .",
    ]);
    try {
      await world.putAll([]);
      for (const registry of [
        world.registry({} as never),
        dnsRegistry("nobody.test", { ...quick, servers: [world.address] }),
      ]) {
        const first = await registry.watch(AbortSignal.timeout(10_000))[Symbol.asyncIterator]().next();
        expect(first.value).toEqual([]);
      }
    } finally {
      await world.dispose();
    }
  });
});

/** The lines for nsupdate that make the zone what it should be. */
type Zone = (entries: readonly WorldEntry[]) => readonly string[];

function addresses(entries: readonly WorldEntry[]): readonly string[] {
  return entries.map(({ host }) => `update add relays.test 1 A ${host}`);
}

function services(entries: readonly WorldEntry[]): readonly string[] {
  return entries.flatMap(({ id, host, port, weight = 1 }) => [
    `update delete ${id}.test`,
    `update add ${id}.test 1 A ${host}`,
    `update add _otlp._tcp.test 1 SRV 0 ${weight} ${port} ${id}.test.`,
  ]);
}

/** BIND with a zone that is changed by nsupdate. What is put while it is away is told to it when it is back. */
async function bindWorld(
  backend: RealBackend,
  target: string,
  zone: Zone,
  more = "",
): Promise<RegistryWorld & { putAll(all: readonly WorldEntry[]): Promise<void>; readonly address: string }> {
  const server = await startBind(backend, more);
  const entries = new Map<string, WorldEntry>();
  let isAway = false;
  let isStopped = false;

  async function stop(): Promise<void> {
    resume();
    isAway = true;
    await server.stop();
  }
  async function start(): Promise<void> {
    await server.start();
    isAway = false;
  }
  function resume(): void {
    if (isStopped && server.pid !== undefined) process.kill(server.pid, "SIGCONT");
    isStopped = false;
  }
  let turn: Promise<void> = Promise.resolve();
  const publish = (): Promise<void> => {
    turn = turn.then(async () => {
      if (isAway || isStopped) return;
      await server.update(`update delete ${target.replace(/:.*$/, "")}`, ...zone([...entries.values()]));
    });
    return turn;
  };
  return {
    address: server.address,
    registry: (settings) => dnsRegistry(target, { ...quick, servers: [server.address], ...settings }),
    put(entry) {
      entries.set(entry.id, entry);
      return publish();
    },
    putAll(all) {
      for (const entry of all) entries.set(entry.id, entry);
      return publish();
    },
    remove(id) {
      entries.delete(id);
      return publish();
    },
    clear() {
      entries.clear();
      return publish();
    },
    cut: stop,
    async stall() {
      isStopped = true;
      if (server.pid !== undefined) process.kill(server.pid, "SIGSTOP");
    },
    garble: () => Promise.reject(new Error("BIND makes sense")),
    async restore() {
      resume();
      await start();
      await publish();
    },
    async restart() {
      await stop();
      await start();
    },
    openConnections: 0,
    async dispose() {
      resume();
      await server.close();
    },
  };
}

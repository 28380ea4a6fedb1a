import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { registryCases, type RegistryWorld, type WorldEntry } from "@otlpkit/testkit/node";
import { freePort, privateFolder, real, type RealBackend, type RealServer, startServer } from "@otlpkit/tool-real";
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
  { program }: RealBackend,
  target: string,
  zone: Zone,
  more = "",
): Promise<RegistryWorld & { putAll(all: readonly WorldEntry[]): Promise<void>; readonly address: string }> {
  const folder = privateFolder("bind");
  const port = await freePort();
  writeFileSync(
    join(folder.path, "named.conf"),
    `options { directory "${folder.path}"; pid-file none; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
      recursion no; dnssec-validation no; notify no; minimal-responses yes; ${more} };
    controls { };
    zone "test" { type primary; file "zone"; allow-update { 127.0.0.1; }; };`,
  );
  writeFileSync(
    join(folder.path, "zone"),
    "$TTL 1\n@ IN SOA ns.test. root.test. 1 1 1 60 1\n@ IN NS ns.test.\nns IN A 127.0.0.1\n",
  );
  const entries = new Map<string, WorldEntry>();
  let server: RealServer | undefined;
  let stopped = false;

  async function start(): Promise<void> {
    server ??= await startServer({
      name: "named",
      command: [program, "-g", "-n", "1", "-c", join(folder.path, "named.conf")],
      ready: async () => (await nsupdate(port, [])) === 0,
    });
  }
  async function stop(): Promise<void> {
    resume();
    await server?.stop("SIGTERM");
    server = undefined;
  }
  function resume(): void {
    if (stopped && server !== undefined) process.kill(server.pid, "SIGCONT");
    stopped = false;
  }
  let turn: Promise<void> = Promise.resolve();
  const publish = (): Promise<void> => {
    turn = turn.then(async () => {
      if (server === undefined || stopped) return;
      const lines = zone([...entries.values()]);
      const names = [target.replace(/:.*$/, "")];
      const code = await nsupdate(port, [...names.map((name) => `update delete ${name}`), ...lines]);
      if (code !== 0) throw new Error(`nsupdate ended with ${code}: ${server.output().slice(-500)}`);
    });
    return turn;
  };
  await start();
  return {
    address: `127.0.0.1:${port}`,
    registry: (settings) => dnsRegistry(target, { ...quick, servers: [`127.0.0.1:${port}`], ...settings }),
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
      stopped = true;
      if (server !== undefined) process.kill(server.pid, "SIGSTOP");
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
      await stop();
      folder.remove();
    },
  };
}

/** Sends updates; without any it finds out whether the server answers. */
function nsupdate(port: number, lines: readonly string[]): Promise<number | null> {
  const [program, ...args] = ["nsupdate", "-t", "2"] as const;
  const child = spawn(program, args, { stdio: ["pipe", "ignore", "ignore"] });
  const updates = lines.length === 0 ? ["update delete ready.test"] : lines;
  child.stdin.end(`server 127.0.0.1 ${port}\nzone test\n${updates.join("\n")}\nsend\n`);
  return new Promise((resolve) => child.once("exit", resolve));
}

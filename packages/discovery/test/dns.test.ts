import type { Endpoint } from "@otlpkit/core";
import { fakeClock } from "@otlpkit/testkit";
import { registryCases } from "@otlpkit/testkit/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dnsRegistry, type DnsRegistryOptions } from "../src/dns/index.ts";
import { addressWorld, quickDns, serviceWorld } from "./dns-worlds.ts";
import { type FakeDns, fakeDns } from "./fakes/dns-server.ts";

const noSuchThing = "DNS has no room for it";
const unknown = {
  "hands on zones": noSuchThing,
  "hands on who is about to go": noSuchThing,
  "hands on what else is known": noSuchThing,
};

describe("dnsRegistry for addresses (fake server)", () => {
  registryCases({ it: it.concurrent }, addressWorld, {
    quietMs: 150,
    cannot: {
      ...unknown,
      "hands on weights": noSuchThing,
      "tells a new address under the same id": "an address is all that is known of each",
    },
  });
});

describe("dnsRegistry for services (fake server)", () => {
  registryCases({ it: it.concurrent }, serviceWorld, { quietMs: 150, cannot: unknown });
});

describe("dnsRegistry", () => {
  let server: FakeDns;
  beforeEach(async () => void (server = await fakeDns()));
  afterEach(() => server.close());

  const first = (target: string, options: DnsRegistryOptions = {}): Promise<readonly Endpoint[]> =>
    firstList(target, { ...quickDns, servers: [server.address], ...options });

  it("finds addresses of both families", async () => {
    server.set("relays.test", [
      { type: "A", data: "127.0.0.7" },
      { type: "AAAA", data: "fd00::7" },
    ]);
    const both = ["http://127.0.0.7:4317", "http://[fd00::7]:4317"];
    expect(urls(await first("relays.test"))).toEqual(both);
    expect(urls(await first("dns:///relays.test:4317"))).toEqual(both);
    expect(urls(await first("relays.test:4318", { family: 4, scheme: "https", path: "/v1" }))).toEqual([
      "https://127.0.0.7:4318/v1",
    ]);
    expect(urls(await first("relays.test:4318", { family: 6 }))).toEqual(["http://[fd00::7]:4318"]);
  });

  it("asks nobody for addresses and for localhost", async () => {
    expect(urls(await first("10.1.2.3:4317"))).toEqual(["http://10.1.2.3:4317"]);
    expect(urls(await first("dns:///[fd00::1]:4317"))).toEqual(["http://[fd00::1]:4317"]);
    expect(urls(await first("localhost:4317", { family: 4 }))).toEqual(["http://127.0.0.1:4317"]);
    expect(server.questions).toEqual([]);
  });

  it("takes the places of the lowest priority, and none whose target is the root", async () => {
    server.set("a.test", [{ type: "A", data: "127.0.0.1" }]);
    server.set("b.test", [
      { type: "A", data: "127.0.0.2" },
      { type: "A", data: "127.0.0.3" },
    ]);
    server.set("_otlp._tcp.test", [
      { type: "SRV", data: { target: "a.test", port: 1000, priority: 1, weight: 5 } },
      { type: "SRV", data: { target: "B.test", port: 2000, priority: 1, weight: 0 } },
      { type: "SRV", data: { target: "spare.test", port: 3000, priority: 2, weight: 9 } },
    ]);
    expect(await first("_otlp._tcp.test")).toEqual([
      { url: "http://127.0.0.1:1000", id: "a.test:1000", weight: 5 },
      { url: "http://127.0.0.2:2000", id: "b.test:2000/127.0.0.2", weight: 0.1 },
      { url: "http://127.0.0.3:2000", id: "b.test:2000/127.0.0.3", weight: 0.1 },
    ]);
    server.set("_otlp._tcp.test", [{ type: "SRV", data: { target: ".", port: 0 } }]);
    expect(await first("_otlp._tcp.test")).toEqual([]);
  });

  it("keeps the names of a service over TLS, for its certificates are for these", async () => {
    server.set("_otlp._tcp.test", [{ type: "SRV", data: { target: "a.test", port: 4317 } }]);
    expect(await first("_otlp._tcp.test", { scheme: "https" })).toEqual([
      { url: "https://a.test:4317", id: "a.test:4317" },
    ]);
    expect(server.questions).toEqual(["udp SRV _otlp._tcp.test"]);
  });

  it("follows aliases, up to eight of them", async () => {
    const chain = (length: number): void => {
      for (let at = 0; at < length; at++) server.set(`a${at}.test`, [{ type: "CNAME", data: `A${at + 1}.test` }]);
      server.set(`a${length}.test`, [{ type: "A", data: "127.0.0.7" }]);
    };
    chain(8);
    expect(urls(await first("a0.test", { family: 4 }))).toEqual(["http://127.0.0.7:4317"]);
    chain(9);
    expect(await failure("a0.test", { family: 4 })).toMatchObject({ code: "bad-response" });
    server.set("round.test", [{ type: "CNAME", data: "round.test" }]);
    expect(await failure("round.test")).toMatchObject({ code: "bad-response" });
  });

  it("asks by TCP when the answer does not fit", async () => {
    server.set("relays.test", [{ type: "A", data: "127.0.0.7" }]);
    server.fault("truncated");
    expect(urls(await first("relays.test", { family: 4 }))).toEqual(["http://127.0.0.7:4317"]);
    expect(server.questions).toEqual(["udp A relays.test", "tcp A relays.test"]);
  });

  it("believes nobody but who answers its question", async () => {
    server.set("relays.test", [{ type: "A", data: "127.0.0.7" }]);
    server.fault("impostors");
    expect(urls(await first("relays.test", { family: 4 }))).toEqual(["http://127.0.0.7:4317"]);
  });

  it("asks each question from another port, with another id", async () => {
    server.set("relays.test", [{ type: "A", data: "127.0.0.7" }]);
    for (let count = 0; count < 8; count++) await first("relays.test", { family: 4 });
    expect(new Set(server.sources.map(({ id }) => id)).size).toBeGreaterThan(6);
    expect(new Set(server.sources.map(({ port }) => port)).size).toBeGreaterThan(4);
  });

  it("asks servers that know no EDNS0 without it", async () => {
    server.set("relays.test", [{ type: "A", data: "127.0.0.7" }]);
    server.fault("no-edns");
    expect(urls(await first("relays.test", { family: 4 }))).toEqual(["http://127.0.0.7:4317"]);
  });

  it.each(["servfail", "refused", "silent"] as const)("asks the next server when one is %s", async (fault) => {
    const second = await fakeDns();
    try {
      second.set("relays.test", [{ type: "A", data: "127.0.0.7" }]);
      server.fault(fault);
      const servers = [server.address, second.address];
      expect(urls(await first("relays.test", { family: 4, servers }))).toEqual(["http://127.0.0.7:4317"]);
    } finally {
      await second.close();
    }
  });

  it("says what went wrong, and with whom", async () => {
    server.fault("servfail");
    expect(await failure("relays.test")).toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(
        /^cannot ask the DNS server 127.0.0.1 port \d+ for relays.test: it says SERVFAIL$/,
      ),
    });
  });

  it("looks in the search domains as resolv.conf says", async () => {
    const folder = await mkdtemp(join(tmpdir(), "otlpkit-dns-"));
    const resolvConfPath = join(folder, "resolv.conf");
    try {
      await writeFile(resolvConfPath, "# test\nsearch one.test two.test\noptions ndots:2 timeout:1\n");
      server.set("relays.two.test", [{ type: "A", data: "127.0.0.7" }]);
      const found = await first("relays", { family: 4, resolvConfPath });
      expect(urls(found)).toEqual(["http://127.0.0.7:4317"]);
      expect(server.questions).toEqual(["udp A relays.one.test", "udp A relays.two.test"]);
      expect(await first("relays.", { family: 4, resolvConfPath })).toEqual([]);
      expect(server.questions.at(-1)).toBe("udp A relays");
      await first("a.b.test", { family: 4, resolvConfPath });
      expect(server.questions.slice(3)).toEqual([
        "udp A a.b.test",
        "udp A a.b.test.one.test",
        "udp A a.b.test.two.test",
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("asks again when the first of the answers has run out, and within bounds", async () => {
    const asked = async (ttl: number | undefined, options: DnsRegistryOptions = {}): Promise<number> => {
      server.set("relays.test", ttl === undefined ? [] : [{ type: "A", data: "127.0.0.7", ttl }]);
      const waits: number[] = [];
      const clock = fakeClock();
      const over = new AbortController();
      const registry = dnsRegistry("relays.test", {
        family: 4,
        servers: [server.address],
        random: () => 0,
        now: () => clock.now(),
        setTimer(run, delayMs) {
          waits.push(delayMs);
          return clock.setTimer(run, delayMs);
        },
        ...options,
      });
      for await (const list of registry.watch(over.signal)) {
        expect(list).toHaveLength(ttl === undefined ? 0 : 1);
        over.abort();
      }
      return waits.at(-1) ?? 0;
    };
    expect(await asked(17)).toBe(17_000);
    expect(await asked(0)).toBe(1_000);
    expect(await asked(86_400)).toBe(300_000);
    expect(await asked(17, { maxTtlMs: 5_000 })).toBe(5_000);
    server.negativeTtl(7);
    expect(await asked(undefined)).toBe(7_000);
    server.negativeTtl(3_600);
    expect(await asked(undefined)).toBe(60_000);
  });

  it("asks the system when told to", async () => {
    expect(urls(await firstList("localhost:4317", { resolver: "system", family: 4 }))).toEqual([
      "http://127.0.0.1:4317",
    ]);
  });

  it("says what is wrong with a target, a server, a combination", () => {
    for (const target of ["", "http://a:4317", "a b", "a:0", "a:99999", "_otlp._tcp.a b"]) {
      expect(() => dnsRegistry(target), target).toThrow("dnsRegistry: the target must be host:port");
    }
    expect(() => dnsRegistry("a", { servers: ["ns.example"] })).toThrow("a DNS server must be an address");
    expect(() => dnsRegistry("_otlp._tcp.a", { resolver: "system" })).toThrow("knows no SRV records");
  });

  async function failure(target: string, options: DnsRegistryOptions = {}): Promise<unknown> {
    const over = new AbortController();
    let error: unknown;
    const registry = dnsRegistry(target, {
      ...quickDns,
      servers: [server.address],
      ...options,
      onState(state) {
        if (state.state === "stale") error = state.error;
        over.abort();
      },
    });
    for await (const list of registry.watch(over.signal)) expect(list).toBe("no list at all");
    return error;
  }
});

async function firstList(target: string, options: DnsRegistryOptions): Promise<readonly Endpoint[]> {
  for await (const list of dnsRegistry(target, options).watch(AbortSignal.timeout(5_000))) return list;
  throw new Error(`nothing was found for ${target}`);
}

function urls(list: readonly Endpoint[]): string[] {
  return list.map(({ url }) => url);
}

import type { Endpoint, Registration } from "@otlpkit/core";
import { registrarCases, registryCases } from "@otlpkit/testkit/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eurekaRegistrar, eurekaRegistry, type EurekaRegistryOptions } from "../src/eureka/index.ts";
import type { SourceState } from "../src/index.ts";
import { eurekaWorld, instanceAt, quickEureka } from "./eureka-worlds.ts";
import { fakeEureka, type FakeEureka } from "./fakes/eureka-server.ts";

describe("eurekaRegistry (fake server, Spring's paths)", () => {
  registryCases({ it: it.concurrent }, eurekaWorld, { quietMs: 150 });
});

describe("eurekaRegistry (fake server, Netflix's paths)", () => {
  registryCases({ it: it.concurrent }, () => eurekaWorld("/eureka/v2"), { quietMs: 150 });
});

describe("eurekaRegistrar (fake server)", () => {
  registrarCases({ it: it.concurrent }, eurekaWorld, { quietMs: 150 });
});

describe("eurekaRegistry", () => {
  const one = instanceAt({ id: "a", host: "127.0.0.1", port: 4317 });
  const two = instanceAt({ id: "b", host: "127.0.0.2", port: 4317 });
  let server: FakeEureka;
  beforeEach(async () => void (server = await fakeEureka()));
  afterEach(() => server.close());

  it("reads all once, and then what has changed", async () => {
    server.put(one);
    const watched = watch();
    await watched.until((list) => list.length === 1);
    server.put(two);
    await watched.until((list) => list.length === 2);
    server.remove("a");
    await watched.until((list) => list.length === 1);
    const [first, ...others] = server.asked.map(({ path }) => path);
    expect(first).toBe("/eureka/apps");
    expect(new Set(others)).toEqual(new Set(["/eureka/apps/delta"]));
  });

  it("reads all again when the changes do not add up", async () => {
    server.put(one);
    const watched = watch();
    await watched.until((list) => list.length === 1);
    server.oddities.forgetful = true;
    server.put(two);
    await watched.until((list) => list.length === 2);
    expect(server.asked.filter(({ path }) => path === "/eureka/apps")).toHaveLength(2);
  });

  it("reads all each time from servers that give no changes", async () => {
    server.oddities.noDeltas = true;
    const watched = watch();
    await watched.until((list) => list.length === 0);
    server.put(one);
    await watched.until((list) => list.length === 1);
    expect(server.asked.filter(({ path }) => path.endsWith("delta"))).toHaveLength(1);
  });

  it("understands servers that give one thing in place of a list", async () => {
    server.oddities.single = true;
    server.put(one);
    const watched = watch();
    await watched.until((list) => list.length === 1);
    server.put({ ...two, status: "DOWN" });
    server.put({ ...two, instanceId: "c", status: "STARTING" });
    server.put({ ...two, instanceId: "d" });
    expect((await watched.until((list) => list.length === 2)).map(({ id }) => id)).toEqual(["a", "d"]);
  });

  it("takes the secure port where TLS is wanted, or where there is no other", async () => {
    const securePort = { $: 8443, "@enabled": "true" };
    server.put({ ...one, securePort });
    server.put({ ...two, port: { $: 80, "@enabled": "false" }, securePort });
    const urls = async (options: EurekaRegistryOptions): Promise<string[]> =>
      (await watch(options).until((list) => list.length === 2)).map(({ url }) => url);
    expect(await urls({})).toEqual(["http://127.0.0.1:4317", "https://127.0.0.2:8443"]);
    expect(await urls({ scheme: "https" })).toEqual(["https://127.0.0.1:8443", "https://127.0.0.2:8443"]);
  });

  it("reaches instances by name or by address", async () => {
    server.put({ ...one, hostName: "relay.example" });
    const url = async (options: EurekaRegistryOptions): Promise<string | undefined> =>
      (await watch(options).until((list) => list.length === 1))[0]?.url;
    expect(await url({})).toBe("http://relay.example:4317");
    expect(await url({ address: "ip" })).toBe("http://127.0.0.1:4317");
  });

  it("stays with one server until it fails, and then with the next", async () => {
    const second = await fakeEureka();
    try {
      for (const each of [server, second]) each.put(one);
      const watched = watch({ url: `${server.base},${second.base}` });
      await watched.until((list) => list.length === 1);
      await until(() => server.asked.length > 2);
      expect(second.asked).toHaveLength(0);
      server.fault("error");
      await until(() => second.asked.length > 2);
      const asked = server.asked.length;
      second.put(two);
      await watched.until((list) => list.length === 2);
      expect(server.asked).toHaveLength(asked);
      expect(watched.states.every(({ state }) => state === "fresh")).toBe(true);
    } finally {
      await second.close();
    }
  });

  it("sends user and password of the URL in a header, and not in clear to others", async () => {
    server.oddities.basic = "me:p@ss";
    server.put(one);
    const url = server.base.replace("//", "//me:p%40ss@");
    await watch({ url }).until((list) => list.length === 1);
    const refused = watch();
    await until(() => refused.states.length > 0);
    expect(refused.states[0]).toMatchObject({ state: "stale", error: { code: "unauthenticated" } });
    const inClear = watch({ url: "http://me:secret@eureka.example:8761" });
    await until(() => inClear.states.length > 0);
    expect(inClear.states[0]).toMatchObject({
      error: { code: "rejected", message: expect.not.stringContaining("secret") },
    });
  });

  it.each(["error", "other-json", "no-http", "elsewhere"] as const)(
    "takes the answer %s for a failure",
    async (fault) => {
      server.fault(fault);
      const watched = watch();
      await until(() => watched.states.length > 0);
      expect(watched.states[0]?.state).toBe("stale");
      expect(watched.lists).toEqual([]);
    },
  );

  interface Watching {
    readonly lists: (readonly Endpoint[])[];
    readonly states: SourceState[];
    readonly until: (holds: (list: readonly Endpoint[]) => boolean) => Promise<readonly Endpoint[]>;
  }

  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  function watch(options: EurekaRegistryOptions = {}): Watching {
    const lists: (readonly Endpoint[])[] = [];
    const states: SourceState[] = [];
    const over = new AbortController();
    const settings = { ...quickEureka, url: server.base, debounceMs: 10, maxDelayMs: 50 };
    const registry = eurekaRegistry("otlp-case", { ...settings, onState: (state) => states.push(state), ...options });
    const reading = (async () => {
      for await (const list of registry.watch(over.signal)) lists.push(list);
    })();
    ends.push(async () => {
      over.abort();
      await reading;
    });
    return {
      lists,
      states,
      async until(holds) {
        const holdsNow = (): boolean => {
          const list = lists.at(-1);
          return list !== undefined && holds(list);
        };
        await until(holdsNow);
        return lists.at(-1) ?? [];
      },
    };
  }
});

describe("eurekaRegistrar", () => {
  const registration: Registration = {
    service: "otlp-relay",
    endpoint: { url: "https://10.0.0.1:4317/base", id: "relay 1", weight: 3, zone: "b", metadata: { version: "7" } },
  };

  it("registers all that is to be known, and takes it back", async () => {
    const server = await fakeEureka();
    try {
      const registered = await eurekaRegistrar({ url: server.base }).register(registration);
      expect(server.instance("relay 1")).toMatchObject({
        instanceId: "relay 1",
        app: "OTLP-RELAY",
        hostName: "10.0.0.1",
        ipAddr: "10.0.0.1",
        status: "UP",
        port: { $: 4317, "@enabled": "false" },
        securePort: { $: 4317, "@enabled": "true" },
        vipAddress: "otlp-relay",
        leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90 },
        dataCenterInfo: { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", name: "MyOwn" },
        metadata: { "otlp-scheme": "https", "otlp-path": "/base", "otlp-weight": "3", zone: "b", version: "7" },
      });
      await registered.drain();
      expect(server.instance("relay 1")?.status).toBe("OUT_OF_SERVICE");
      await registered.close();
      expect(server.instance("relay 1")).toBeUndefined();
    } finally {
      await server.close();
    }
  });

  it("takes back its own draining when it comes again, and nobody else's", async () => {
    const server = await fakeEureka();
    const registrar = eurekaRegistrar({ url: server.base });
    const status = (): string | undefined => server.instance("relay 1")?.status;
    try {
      const drained = await registrar.register(registration);
      await drained.drain();
      expect(status()).toBe("OUT_OF_SERVICE");
      // As a process that was killed before it had gone.
      const again = await registrar.register(registration);
      expect(status()).toBe("UP");
      await fetch(`${server.base}/apps/OTLP-RELAY/relay%201/status?value=OUT_OF_SERVICE`, {
        method: "PUT",
        headers: { accept: "application/json" },
      });
      const later = await registrar.register(registration);
      expect(status()).toBe("OUT_OF_SERVICE");
      for (const each of [drained, again, later]) await each.close();
    } finally {
      await server.close();
    }
  });

  it("fails at once for what Eureka has no room for", async () => {
    const endpoint = { url: "unix:///run/otlp.sock", id: "a" };
    await expect(eurekaRegistrar().register({ service: "otlp", endpoint })).rejects.toMatchObject({ code: "rejected" });
  });
});

async function until(holds: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > giveUpMs) throw new Error(`still not so after five seconds: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

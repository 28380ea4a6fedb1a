import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoint, Registration } from "@otlpkit/core";
import { fakeClock } from "@otlpkit/testkit";
import {
  type FakeConsul,
  fakeConsul,
  registrarCases,
  registryCases,
  testAuthority,
  testClient,
} from "@otlpkit/testkit/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { consulEnvironment, consulRegistrar, consulRegistry, type ConsulRegistryOptions } from "../src/consul/index.ts";
import type { SourceState } from "../src/index.ts";
import { consulWorld, quickConsul } from "./consul-worlds.ts";

describe("consulRegistry (fake agent)", () => {
  registryCases({ it: it.concurrent }, consulWorld, { quietMs: 150 });
});

describe("consulRegistrar with a time to live (fake agent)", () => {
  registrarCases({ it: it.concurrent }, consulWorld, { quietMs: 150 });
});

describe("consulRegistrar with checks by the agent (fake agent)", () => {
  const check = { kind: "grpc" } as const;
  registrarCases({ it: it.concurrent }, () => consulWorld({ check, beatMs: 100 }), { quietMs: 150 });
});

describe("consulRegistry", () => {
  let server: FakeConsul;
  beforeEach(async () => void (server = await fakeConsul()));
  afterEach(() => server.close());

  it("asks as it is told to", async () => {
    await watch({
      token: "secret",
      tags: ["blue", "new"],
      filter: 'Service.Meta.version == "7"',
      datacenter: "dc2",
      namespace: "team",
      partition: "part",
      basic: "me:pass",
    }).firstList();
    const [asked] = server.asked;
    expect(asked?.path).toBe("/v1/health/service/otlp");
    expect([...(asked?.query ?? [])]).toEqual([
      ["tag", "blue"],
      ["tag", "new"],
      ["filter", 'Service.Meta.version == "7"'],
      ["dc", "dc2"],
      ["stale", ""],
      ["ns", "team"],
      ["partition", "part"],
    ]);
    expect(asked?.headers["x-consul-token"]).toBe("secret");
    expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from("me:pass").toString("base64")}`);
  });

  it("waits for news from where it is, for as long as it may", async () => {
    server.put({ ID: "a", Name: "otlp", Address: "127.0.0.1", Port: 4317 });
    const watched = watch({ waitMs: 900_000 });
    await watched.firstList();
    await until(() => server.asked.length === 2);
    expect(Object.fromEntries(server.asked[1]?.query ?? [])).toMatchObject({ index: "11", wait: "600000ms" });
    await watched.end();
  });

  it("takes the address of the node where the service has none, and tagged ones when told to", async () => {
    server.put({ ID: "a", Name: "otlp", Port: 4317, Tags: ["blue"] });
    expect(await watch().firstList()).toEqual([
      { url: "http://127.0.0.250:4317", id: "a", metadata: { tags: "blue", node: "node-1", datacenter: "dc1" } },
    ]);
    server.put({
      ID: "a",
      Name: "otlp",
      Port: 4317,
      TaggedAddresses: { wan: { Address: "127.0.0.99", Port: 14317 } },
    });
    expect(urls(await watch({ taggedAddress: "wan", scheme: "https", path: "/v1" }).firstList())).toEqual([
      "https://127.0.0.99:14317/v1",
    ]);
  });

  it("lets nobody send it to a socket of its own machine", async () => {
    server.put({ ID: "a", Name: "otlp", Address: "/run/docker.sock" });
    server.put({ ID: "b", Name: "otlp", Address: "127.0.0.1", Port: 4317 });
    expect(urls(await watch().firstList())).toEqual(["http://127.0.0.1:4317"]);
  });

  it("takes who passes; with a warning only when told to, by the weight for that", async () => {
    const Checks = [{ CheckID: "c", Status: "passing" }];
    for (const [at, ID] of ["a", "b", "c"].entries()) {
      server.put({ ID, Name: "otlp", Address: `127.0.0.${at}`, Port: 1, Weights: { Passing: 8, Warning: 2 }, Checks });
    }
    server.status("b", "warning");
    server.status("c", "critical");
    const shown = (list: readonly Endpoint[]): unknown => list.map(({ id, weight }) => [id, weight]);
    expect(shown(await watch().firstList())).toEqual([["a", 8]]);
    expect(shown(await watch({ allowWarning: true }).firstList())).toEqual([
      ["a", 8],
      ["b", 2],
    ]);
  });

  it("begins anew when the index goes back", async () => {
    server.put({ ID: "a", Name: "otlp", Address: "127.0.0.1", Port: 1 });
    const watched = watch();
    await watched.firstList();
    server.oddities.index = "5";
    server.put({ ID: "b", Name: "otlp", Address: "127.0.0.2", Port: 1 });
    await until(() => server.asked.length >= 4);
    const indexes = server.asked.map(({ query }) => query.get("index"));
    expect(indexes.slice(0, 4)).toEqual([null, "11", null, "5"]);
    await watched.end();
  });

  it.each(["0", "-7", "x", undefined])("waits by index 1 where the index is %s", async (index) => {
    server.oddities.index = index;
    server.oddities.noIndex = index === undefined;
    const watched = watch();
    await until(() => server.asked.length >= 3);
    expect(server.asked.slice(1).every(({ query }) => query.get("index") === "1" && query.has("wait"))).toBe(true);
    await watched.end();
  });

  it("does not ask without end when each question is answered at once", async () => {
    server.oddities.churn = true;
    const clock = fakeClock();
    const watched = watch({ ...clock, minIntervalMs: 1_000, waitMs: 300_000, timeoutMs: 60_000 });
    for (let second = 0; second < 10; second++) {
      await clock.advance(1_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(server.asked.length).toBeGreaterThan(5);
    expect(server.asked.length).toBeLessThanOrEqual(12);
    await watched.end();
  });

  it("does not take for nobody what the token may not see", async () => {
    server.oddities.filtered = true;
    expect(await watch().firstError()).toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("node:read"),
    });
  });

  it("does not take old news for news", async () => {
    server.put({ ID: "a", Name: "otlp", Address: "127.0.0.1", Port: 1 });
    const watched = watch();
    await watched.firstList();
    server.oddities.lastContactMs = 61_000;
    server.put({ ID: "b", Name: "otlp", Address: "127.0.0.2", Port: 1 });
    expect(await watched.firstError()).toMatchObject({ code: "unavailable" });
    await watched.end();
  });

  it.each([
    ["error", { code: "unavailable" }],
    ["busy", { code: "overloaded", retryAfterMs: 1_000 }],
    ["other-json", { code: "bad-response" }],
    ["no-http", { code: "bad-response" }],
    ["elsewhere", { code: "rejected", message: expect.stringContaining("not followed") }],
  ] as const)("takes the answer %s for a failure", async (fault, error) => {
    server.fault(fault);
    expect(await watch().firstError()).toMatchObject(error);
  });

  it("reads a file with a token again when the token is refused", async () => {
    await withFile("old\n", async (tokenPath) => {
      server.tokens.add("old");
      const watched = watch({ tokenPath });
      await watched.firstList();
      server.tokens.clear();
      server.tokens.add("new");
      await writeFile(tokenPath, "new\n");
      server.put({ ID: "a", Name: "otlp", Address: "127.0.0.1", Port: 1 });
      await until(() => watched.lists.length === 2);
      expect(watched.states.every(({ state }) => state === "fresh")).toBe(true);
      server.tokens.clear();
      server.tokens.add("newer");
      server.drop();
      expect(await watched.firstError()).toMatchObject({ code: expect.stringMatching(/forbidden|unavailable/) });
      await watched.end();
    });
  });

  it("logs in, and out at the end", async () => {
    await withFile("jwt", async (bearerTokenPath) => {
      server.tokens.add("somebody else's");
      const watched = watch({ login: { authMethod: "kubernetes", bearerTokenPath, meta: { pod: "a" } } });
      await watched.firstList();
      expect(server.asked[0]?.body).toEqual({ AuthMethod: "kubernetes", BearerToken: "jwt", Meta: { pod: "a" } });
      expect(server.tokens.size).toBe(2);
      await watched.end();
      expect(server.tokens.size).toBe(1);
    });
  });

  it("carries no token over connections that others can read, unless allowed to", async () => {
    const error = await watch({ url: "http://consul.example:8500", token: "secret" }).firstError();
    expect(error).toMatchObject({ code: "rejected", message: expect.stringContaining("allowCleartext") });
    expect(String(error)).not.toContain("secret");
  });

  it("works over TLS with a certificate of its own, over gzip, and over a Unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "otlpkit-consul-"));
    const servers = [
      await fakeConsul({ tls: "client-certificate", gzip: true }),
      await fakeConsul({ socketPath: join(folder, "consul.sock") }),
    ];
    try {
      for (const each of servers) {
        each.put({ ID: "a", Name: "otlp", Address: "127.0.0.1", Port: 1 });
        const tls = { ca: testAuthority, ...testClient };
        expect(urls(await watch({ url: each.url, tls }).firstList())).toEqual(["http://127.0.0.1:1"]);
      }
      const distrusting = await watch({ url: servers[0]?.url ?? "" }).firstError();
      expect(distrusting).toMatchObject({ code: "unavailable" });
    } finally {
      for (const each of servers) await each.close();
      await rm(folder, { recursive: true });
    }
  });

  interface Watching {
    readonly lists: (readonly Endpoint[])[];
    readonly states: SourceState[];
    readonly firstList: () => Promise<readonly Endpoint[]>;
    readonly firstError: () => Promise<unknown>;
    readonly end: () => Promise<void>;
  }

  function watch(options: ConsulRegistryOptions = {}): Watching {
    const lists: (readonly Endpoint[])[] = [];
    const states: SourceState[] = [];
    const over = new AbortController();
    const settings = { ...quickConsul, url: server.url, debounceMs: 10, maxDelayMs: 50 };
    const registry = consulRegistry("otlp", { ...settings, onState: (state) => states.push(state), ...options });
    const reading = (async () => {
      for await (const list of registry.watch(over.signal)) lists.push(list);
    })();
    const end = async (): Promise<void> => {
      over.abort();
      await reading;
    };
    return {
      lists,
      states,
      end,
      async firstList() {
        await until(() => lists.length > 0);
        ended.push(end);
        return lists[0] ?? [];
      },
      async firstError() {
        ended.push(end);
        const isStale = (state: SourceState): boolean => state.state === "stale";
        await until(() => states.some(isStale));
        const state = states.find(isStale);
        return state?.state === "stale" ? state.error : undefined;
      },
    };
  }
  const ended: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ended.splice(0)) await end();
  });
});

describe("consulRegistrar", () => {
  const registration: Registration = {
    service: "otlp",
    endpoint: { url: "https://10.0.0.1:4317/base", id: "relay 1", weight: 3, zone: "b", metadata: { version: "7" } },
  };
  let server: FakeConsul;
  beforeEach(async () => void (server = await fakeConsul()));
  afterEach(() => server.close());

  it("registers all that is to be known", async () => {
    const registered = await consulRegistrar({ url: server.url, tags: ["blue"] }).register(registration);
    expect(server.asked[0]?.query.get("replace-existing-checks")).toBe("true");
    expect(server.registered("relay 1")).toEqual({
      ID: "relay 1",
      Name: "otlp",
      Tags: ["blue"],
      Address: "10.0.0.1",
      Port: 4317,
      Meta: { "otlp-scheme": "https", "otlp-path": "/base", "otlp-zone": "b", version: "7" },
      Weights: { Passing: 3, Warning: 1 },
      Checks: [
        {
          CheckID: "otlpkit:relay 1",
          Name: "otlpkit ttl",
          Status: "passing",
          TTL: "15000ms",
          DeregisterCriticalServiceAfter: "60000ms",
        },
      ],
    });
    await registered.close();
    expect(server.registered("relay 1")).toBeUndefined();
  });

  it("tells weights that Consul has no room for beside", async () => {
    const endpoint = { ...registration.endpoint, weight: 0.5 };
    const registered = await consulRegistrar({ url: server.url }).register({ ...registration, endpoint });
    expect(server.registered("relay 1")).toMatchObject({
      Weights: { Passing: 1 },
      Meta: { "otlp-weight": "0.5" },
    });
    await registered.close();
  });

  it.each([
    [
      { kind: "grpc", service: "relay", intervalMs: 1_000 },
      { GRPC: "10.0.0.1:4317/relay", GRPCUseTLS: true, Interval: "1000ms", Timeout: "5000ms", TLSSkipVerify: false },
    ],
    [
      { kind: "http", url: "http://10.0.0.1:13133/", insecureSkipVerify: true },
      { HTTP: "http://10.0.0.1:13133/", Interval: "10000ms", Timeout: "5000ms", TLSSkipVerify: true },
    ],
  ] as const)("lets the agent check by %s", async (check, body) => {
    const registered = await consulRegistrar({ url: server.url, check }).register(registration);
    expect(server.registered("relay 1")?.Checks?.[0]).toMatchObject(body);
    await registered.close();
  });

  it("gives signs of life three times in each span, one at a time", async () => {
    const clock = fakeClock();
    const beats = (): number => server.asked.filter(({ path }) => path.includes("/check/update/")).length;
    const options = { url: server.url, ...clock, random: () => 0 };
    const registered = await consulRegistrar(options).register(registration);
    await clock.advance(5_000);
    await until(() => beats() === 1);
    server.fault("silent");
    await new Promise((resolve) => setTimeout(resolve, 30));
    await clock.advance(5_000);
    await until(() => beats() === 2);
    for (let second = 0; second < 9; second++) await clock.advance(1_000);
    expect(beats()).toBe(2);
    server.fault(undefined);
    await clock.advance(1_000);
    await until(() => beats() === 3);
    await registered.close();
  });

  it("fails at once when Consul will never take it", async () => {
    const registrar = consulRegistrar({ url: server.url });
    const odd = { ...registration.endpoint, metadata: { "not a name": "7" } };
    await expect(registrar.register({ ...registration, endpoint: odd })).rejects.toMatchObject({ code: "invalid" });
    const local = { url: "unix:///run/otlp.sock", id: "a" };
    await expect(registrar.register({ ...registration, endpoint: local })).rejects.toMatchObject({ code: "rejected" });
    server.tokens.add("secret");
    await expect(registrar.register(registration)).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("consulEnvironment", () => {
  it("reads what Consul's own tools read", async () => {
    expect(consulEnvironment({})).toEqual({ url: "http://127.0.0.1:8500" });
    expect(
      consulEnvironment({
        CONSUL_HTTP_ADDR: "consul:8501",
        CONSUL_HTTP_SSL: "true",
        CONSUL_HTTP_TOKEN: "t",
        CONSUL_HTTP_TOKEN_FILE: "/token",
        CONSUL_HTTP_AUTH: "me:pass",
        CONSUL_NAMESPACE: "team",
        CONSUL_PARTITION: "part",
      }),
    ).toEqual({
      url: "https://consul:8501",
      token: "t",
      tokenPath: "/token",
      basic: "me:pass",
      namespace: "team",
      partition: "part",
    });
    expect(consulEnvironment({ CONSUL_HTTP_ADDR: "unix:///run/consul.sock" }).url).toBe("unix:///run/consul.sock");
    expect(consulEnvironment({ CONSUL_HTTP_ADDR: "https://c" }).url).toBe("https://c");
    await withFile("PEM", async (path) => {
      const { tls } = consulEnvironment({
        CONSUL_CACERT: path,
        CONSUL_CLIENT_CERT: path,
        CONSUL_CLIENT_KEY: path,
        CONSUL_TLS_SERVER_NAME: "name",
        CONSUL_HTTP_SSL_VERIFY: "false",
      });
      expect(typeof tls === "function" ? tls() : tls).toEqual({
        ca: "PEM",
        cert: "PEM",
        key: "PEM",
        serverName: "name",
        insecureSkipVerify: true,
      });
    });
  });
});

async function withFile<T>(text: string, run: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "otlpkit-consul-"));
  try {
    await writeFile(join(folder, "file"), text);
    return await run(join(folder, "file"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function until(holds: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > giveUpMs) throw new Error(`still not so after five seconds: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function urls(list: readonly Endpoint[]): string[] {
  return list.map(({ url }) => url);
}

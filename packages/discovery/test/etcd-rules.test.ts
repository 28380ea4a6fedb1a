import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { etcdRegistrar, etcdRegistry, type EtcdRegistryOptions } from "../src/etcd/index.ts";
import { keyOf } from "../src/etcd/keys.ts";
import { leaseGrant, leaseKeepAlive, put, range, watch as watchCall } from "../src/etcd/messages.ts";
import type { SourceState } from "../src/index.ts";
import { etcdCases } from "./etcd-cases.ts";
import { quickEtcd } from "./etcd-worlds.ts";
import { type FakeEtcd, fakeEtcd } from "./fakes/etcd-server.ts";

describe("etcd", () => {
  etcdCases(async (wanted) => {
    const etcd = await fakeEtcd(wanted);
    return {
      url: etcd.url,
      outliveTokens: async () => etcd.expireTokens(),
      close: () => etcd.close(),
    };
  });
});

describe("watching etcd", () => {
  let etcd: FakeEtcd;
  let lists: string[];
  let states: SourceState[];
  let over: AbortController;
  let reading: Promise<void> | undefined;

  beforeEach(async () => {
    etcd = await fakeEtcd();
    lists = [];
    states = [];
    over = new AbortController();
  });
  afterEach(async () => {
    over.abort();
    await reading;
    await etcd.close();
  });

  const write = (id: string): void =>
    void etcd.store.put(keyOf(`/otlp/services/otlp-case/${id}`), keyOf("10.0.0.1:4317"), 0n);
  const told = (expected: string): Promise<void> => vi.waitFor(() => expect(lists.at(-1)).toBe(expected), 5_000);
  const watched = (): Promise<void> => vi.waitFor(() => expect(etcd.openStreams).toBe(1), 5_000);
  const asked = (path: string): number => etcd.calls.filter((call) => call === path).length;
  const errors = (): string[] => states.flatMap((state) => (state.state === "stale" ? [state.error.message] : []));

  function watch(options: Partial<EtcdRegistryOptions> = {}): void {
    const registry = etcdRegistry("otlp-case", {
      endpoints: [etcd.url],
      initialDelayMs: 5,
      maxDelayMs: 20,
      debounceMs: 0,
      ...quickEtcd,
      onState: (state) => states.push(state),
      ...options,
    });
    reading = (async () => {
      for await (const list of registry.watch(over.signal)) lists.push(list.map(({ id }) => id).join(" "));
    })();
  }

  it("goes on where a stream ended, without reading everything again", async () => {
    write("a");
    watch();
    await watched();
    await etcd.stop();
    write("b");
    await etcd.restart();
    await told("a b");
    expect(asked(range.path)).toBe(1);
  });

  it("takes a revision as a whole when it comes in fragments", async () => {
    for (const id of ["a", "b", "c", "d", "e"]) write(id);
    watch();
    await watched();
    etcd.fragmentEvents(2);
    etcd.store.deleteRange(keyOf("/otlp/services/otlp-case/a"), keyOf("/otlp/services/otlp-case/e"));
    await told("e");
    expect(lists).toEqual(["a b c d e", "e"]);
  });

  it("remembers how far it is when etcd says so, so that history which is given up meanwhile does not matter", async () => {
    write("a");
    watch();
    await watched();
    etcd.store.put(keyOf("/elsewhere"), keyOf("x"), 0n);
    etcd.progress();
    // Says so in order with what follows.
    write("b");
    await told("a b");
    etcd.store.put(keyOf("/elsewhere"), keyOf("y"), 0n);
    etcd.progress();
    await vi.waitFor(() => expect(states.length).toBeGreaterThan(1));
    await etcd.stop();
    etcd.store.compact();
    write("c");
    await etcd.restart();
    await told("a b c");
    expect(asked(range.path)).toBe(1);
  });

  it("reads everything again when etcd has been restored from a backup, which is silent about it", async () => {
    write("a");
    write("b");
    write("c");
    watch();
    await watched();
    await etcd.stop();
    etcd.store.restoreBackup(2n);
    await etcd.restart();
    await told("a");
    write("d");
    await told("a d");
  });

  it("reads everything again when another cluster answers, whatever its revision", async () => {
    write("a");
    watch();
    await watched();
    await etcd.stop();
    etcd.store.restoreBackup(1n, 8n);
    write("x");
    write("y");
    write("z");
    await etcd.restart();
    await told("x y z");
  });

  it("keeps the list while a member has no leader, and says that it is stale", async () => {
    write("a");
    watch();
    await watched();
    etcd.leaderless(true);
    await vi.waitFor(() => expect(errors().join()).toContain("no leader"));
    expect(lists).toEqual(["a"]);
    etcd.leaderless(false);
    write("b");
    await told("a b");
  });

  it("goes to another member when its own has no leader", async () => {
    const other = await fakeEtcd({ store: etcd.store });
    write("a");
    watch({ endpoints: [etcd.url, other.url], random: () => 0 });
    await watched();
    etcd.leaderless(true);
    await vi.waitFor(() => expect(other.openStreams).toBe(1));
    write("b");
    await told("a b");
    over.abort();
    await reading;
    await other.close();
  });

  it("keeps the list through messages that are none", async () => {
    write("a");
    watch();
    await watched();
    etcd.nonsense();
    await vi.waitFor(() => expect(errors().join()).toContain("no message of etcd"));
    write("b");
    await told("a b");
  });

  it("gives up on a member that takes a watch and never begins it", async () => {
    write("a");
    // Answered with success and without a word.
    etcd.fail(watchCall.path, 0, "", 1);
    watch();
    await vi.waitFor(() => expect(errors()).toHaveLength(1));
    expect(lists).toEqual(["a"]);
    await watched();
  });

  it("reads pages again when history was given up between two of them", async () => {
    for (const id of ["a", "b", "c"]) write(id);
    etcd.fail(range.path, 11, "etcdserver: mvcc: required revision has been compacted");
    watch({ pageSize: 1 });
    await told("a b c");
    expect(lists).toHaveLength(1);
  });

  it("says what does not answer like etcd", async () => {
    const { createServer } = await import("node:http2");
    const other = createServer((_, response) => {
      response.statusCode = 404;
      response.end("no such page");
    });
    await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    watch({ endpoints: [`http://127.0.0.1:${port}`] });
    await vi.waitFor(() => expect(errors().join()).toContain("no gRPC (HTTP status 404); is it etcd?"));
    over.abort();
    await reading;
    await new Promise<void>((resolve) => void other.close(() => resolve()));
  });
});

describe("registering in etcd", () => {
  let etcd: FakeEtcd;
  beforeEach(async () => {
    etcd = await fakeEtcd();
  });
  afterEach(() => etcd.close());
  const endpoint = { id: "relay-1", url: "http://10.0.0.1:4317" };
  const registrar = (): ReturnType<typeof etcdRegistrar> =>
    etcdRegistrar({ endpoints: [etcd.url], ttlSeconds: 1, initialDelayMs: 5, maxDelayMs: 20, ...quickEtcd });

  it("beats three times in the time to live, which is a whole number of seconds", async () => {
    expect(() => etcdRegistrar({ endpoints: [etcd.url], ttlSeconds: 0.5 })).toThrow(RangeError);
    const registered = await registrar().register({ service: "otlp-case", endpoint });
    await vi.waitFor(() => expect(etcd.calls.filter((call) => call === leaseKeepAlive.path)).toHaveLength(2), 2_000);
    await registered.close();
  });

  it("leaves no lease behind when it is closed", async () => {
    const registered = await registrar().register({ service: "otlp-case", endpoint });
    expect(etcd.store.leases).toHaveLength(1);
    await registered.close();
    expect(etcd.store.leases).toHaveLength(0);
  });

  it("takes its lease for lost by its own clock, when nobody answers its signs of life", async () => {
    etcd.fail(leaseKeepAlive.path, 14, "etcdserver: not today", Infinity);
    const registered = await registrar().register({ service: "otlp-case", endpoint });
    await vi.waitFor(() => expect(etcd.calls.filter((call) => call === leaseGrant.path)).toHaveLength(2), 4_000);
    expect(etcd.store.leases.length).toBeGreaterThan(0);
    await registered.close();
  });

  it("asks for a new lease when the one that it has is gone as it writes", async () => {
    etcd.fail(put.path, 5, "etcdserver: requested lease not found");
    const registered = await registrar().register({ service: "otlp-case", endpoint });
    expect(etcd.calls.filter((call) => call === leaseGrant.path)).toHaveLength(2);
    await registered.close();
  });

  it("is refused at once when the key is not ours to write", async () => {
    etcd.fail(put.path, 7, "etcdserver: permission denied", Infinity);
    const error = await registrar()
      .register({ service: "otlp-case", endpoint })
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "forbidden" });
    expect(String(error)).toContain("the role of this user needs the prefix");
  });

  it("takes no endpoints that are none, and sends no password in clear to other machines", () => {
    const register = (endpoints: readonly string[], allowCleartext = false): unknown =>
      etcdRegistrar({ endpoints, username: "u", password: "p", allowCleartext });
    expect(() => register([])).toThrow("at least one endpoint");
    expect(() => register(["10.0.0.1:2379"])).toThrow("must be a URL such as http://10.0.0.1:2379");
    expect(() => register(["http://10.0.0.1:2379"])).toThrow("is not sent to http://10.0.0.1:2379 in clear");
    expect(() => register(["http://10.0.0.1:2379"], true)).not.toThrow();
    expect(() => register(["https://10.0.0.1:2379", "http://127.0.0.1:2379"])).not.toThrow();
  });
});

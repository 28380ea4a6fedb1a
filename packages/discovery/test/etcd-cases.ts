import type { Endpoint, Registrar } from "@otlpkit/core";
import { testAuthority, testClient } from "@otlpkit/testkit/node";
import { afterEach, expect, it, vi } from "vitest";
import { etcdRegistrar, type EtcdRegistrarOptions, etcdRegistry, type EtcdRegistryOptions } from "../src/etcd/index.ts";
import { etcdClient, type EtcdClient } from "../src/etcd/client.ts";
import { keyOf, prefixEnd } from "../src/etcd/keys.ts";
import { compact, deleteRange, leaseRevoke, put, range } from "../src/etcd/messages.ts";
import type { SourceState } from "../src/index.ts";
import { timeOf } from "../src/time.ts";
import { quickEtcd } from "./etcd-worlds.ts";
import { type FaultProxy, faultProxy } from "./fakes/fault-proxy.ts";

/** How an etcd is wanted. */
export interface WantedEtcd {
  /** With the certificates of the test kit; clients need one too. */
  readonly mutualTls?: boolean;
  /** Only this user, whose tokens are over soon after their last use. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** A running etcd, real or played. */
export interface RunningEtcd {
  /** Of one member. */
  readonly url: string;
  /** Waits until tokens that are not used are over. */
  outliveTokens(): Promise<void>;
  close(): Promise<void>;
}

const folder = "/otlp/services/otlp-case/";
const never = new AbortController().signal;

/** What is peculiar to etcd, in the same words for the real one and the played one. */
export function etcdCases(start: (wanted: WantedEtcd) => Promise<RunningEtcd>): void {
  const after: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const undo of after.splice(0).toReversed()) await undo();
  });

  interface Scene {
    readonly etcd: RunningEtcd;
    readonly client: EtcdClient;
    readonly proxy: FaultProxy;
    readonly lists: (readonly Endpoint[])[];
    readonly states: SourceState[];
    /** Begins to watch, through the proxy. */
    readonly watch: (options?: Partial<EtcdRegistryOptions>) => void;
    readonly registrar: (options?: Partial<EtcdRegistrarOptions>) => Registrar;
    readonly write: (name: string, value?: string) => Promise<void>;
    /** Keys that are there. */
    readonly keys: () => Promise<string[]>;
    readonly told: (...ids: string[]) => Promise<void>;
  }

  async function scene(wanted: WantedEtcd = {}, more: Partial<EtcdRegistryOptions> = {}): Promise<Scene> {
    const etcd = await start(wanted);
    after.push(() => etcd.close());
    const { protocol, port } = new URL(etcd.url);
    const proxy = await faultProxy(Number(port));
    after.push(() => proxy.close());
    const account = wanted.user === undefined ? {} : { username: wanted.user.name, password: wanted.user.password };
    const tls = wanted.mutualTls === true ? { tls: { ca: testAuthority, ...testClient } } : {};
    const common = { ...quickEtcd, ...account, ...tls, ...more };
    const endpoints = [`${protocol}//127.0.0.1:${proxy.port}`];
    const client = etcdClient({ ...common, timeoutMs: 5_000, endpoints: [etcd.url] }, timeOf());
    after.push(() => client.close());
    const lists: (readonly Endpoint[])[] = [];
    const states: SourceState[] = [];
    const quick = { initialDelayMs: 10, maxDelayMs: 50, debounceMs: 5 };
    return {
      etcd,
      client,
      proxy,
      lists,
      states,
      watch(options = {}) {
        const over = new AbortController();
        const registry = etcdRegistry("otlp-case", {
          ...common,
          ...quick,
          endpoints,
          onState: (state) => states.push(state),
          ...options,
        });
        const reading = (async () => {
          for await (const list of registry.watch(over.signal)) lists.push(list);
        })();
        after.push(async () => {
          over.abort();
          await reading;
        });
      },
      registrar: (options = {}) => etcdRegistrar({ ...common, ...quick, endpoints, ttlSeconds: 1, ...options }),
      async write(name, value = "http://10.0.0.1:4317") {
        await client.call(put, { key: keyOf(folder + name), value: keyOf(value) }, never);
      },
      async keys() {
        const { kvs } = await client.call(range, { key: keyOf(folder), rangeEnd: prefixEnd(keyOf(folder)) }, never);
        return kvs.map(({ key }) => Buffer.from(key).toString().slice(folder.length));
      },
      told: (...ids) =>
        vi.waitFor(() => expect(lists.at(-1)?.map(({ id }) => id)).toEqual(ids), { timeout: 10_000, interval: 5 }),
    };
  }
  const endpoint = { id: "relay-1", url: "http://10.0.0.1:4317" };

  it("misses nothing between reading and watching", async () => {
    const { watch, write, told } = await scene();
    const names = Array.from({ length: 60 }, (_, number) => `relay-${String(number).padStart(2, "0")}`);
    const writing = (async () => {
      for (const name of names) await write(name);
    })();
    watch();
    await writing;
    await told(...names);
  });

  it("reads many keys in pages, as they were at one moment", async () => {
    const { watch, write, told, lists } = await scene();
    const names = Array.from({ length: 9 }, (_, number) => `relay-${number}`);
    for (const name of names) await write(name);
    watch({ pageSize: 2 });
    await told(...names);
    expect(lists).toHaveLength(1);
  });

  it("takes none of another service whose name begins the same", async () => {
    const { client, watch, write, told } = await scene();
    for (const key of ["/otlp/services/otlp-case", "/otlp/services/otlp-case2/a", "/otlp/services/otlp-case0"]) {
      await client.call(put, { key: keyOf(key), value: keyOf("http://10.0.0.9:4317") }, never);
    }
    await write("relay-1");
    watch();
    await told("relay-1");
  });

  it("reads everything again when history was given up, and notices who has gone meanwhile", async () => {
    const { client, proxy, watch, write, told } = await scene();
    await write("relay-1");
    await write("relay-2");
    watch();
    await told("relay-1", "relay-2");
    await proxy.cut();
    await client.call(deleteRange, { key: keyOf(`${folder}relay-1`) }, never);
    await write("relay-3");
    const { header } = await client.call(range, { key: keyOf("/") }, never);
    await client.call(compact, { revision: header?.revision ?? 0n }, never);
    await proxy.restore();
    await told("relay-2", "relay-3");
  });

  it("takes what others write, in their ways, and passes over what is no endpoint", async () => {
    const { watch, write, told, lists } = await scene();
    await write("a", '{"Op":0,"Addr":"10.0.0.1:4317","Metadata":{"version":"7","otlp-weight":"3"}}');
    await write("b", "https://otel.example/base");
    await write("c", "10.0.0.3:4317");
    await write("d", '{"host":"fd00::4","port":4318,"zone":"z"}');
    await write("e", "hello");
    await write("f", "{");
    watch();
    await told("a", "b", "c", "d");
    expect(lists.at(-1)).toEqual([
      { url: "http://10.0.0.1:4317", id: "a", weight: 3, metadata: { version: "7" } },
      { url: "https://otel.example:443/base", id: "b" },
      { url: "http://10.0.0.3:4317", id: "c" },
      { url: "http://[fd00::4]:4318", id: "d", zone: "z" },
    ]);
  });

  it("registers again when somebody has deleted the key, while the lease lives on", async () => {
    const { client, registrar, keys } = await scene();
    const registered = await registrar().register({ service: "otlp-case", endpoint });
    after.push(() => registered.close());
    await client.call(deleteRange, { key: keyOf(`${folder}relay-1`) }, never);
    expect(await keys()).toEqual([]);
    await vi.waitFor(async () => expect(await keys()).toEqual(["relay-1"]), 5_000);
  });

  it("registers again when its lease is gone, whoever else has written the key meanwhile", async () => {
    const { client, registrar, write } = await scene();
    const registered = await registrar().register({ service: "otlp-case", endpoint });
    after.push(() => registered.close());
    const found = async (): Promise<bigint> =>
      (await client.call(range, { key: keyOf(`${folder}relay-1`) }, never)).kvs[0]?.lease ?? -1n;
    const first = await found();
    await client.call(leaseRevoke, { id: first }, never);
    await write("relay-1", "http://10.0.0.9:4317");
    await vi.waitFor(async () => expect(await found()).toBeGreaterThan(0n), 5_000);
    expect(await found()).not.toBe(first);
  });

  it("registers again when its lease has run out while etcd could not be reached", async () => {
    const { proxy, registrar, keys } = await scene();
    const registered = await registrar().register({ service: "otlp-case", endpoint });
    after.push(() => registered.close());
    await proxy.cut();
    await vi.waitFor(async () => expect(await keys()).toEqual([]), 10_000);
    await proxy.restore();
    await vi.waitFor(async () => expect(await keys()).toEqual(["relay-1"]), 5_000);
  });

  it("leaves no key behind when it is closed", async () => {
    const { registrar, keys } = await scene();
    const registered = await registrar({ ttlSeconds: 60 }).register({ service: "otlp-case", endpoint });
    expect(await keys()).toEqual(["relay-1"]);
    await registered.close();
    expect(await keys()).toEqual([]);
  });

  it("goes to another member when one is gone", async () => {
    const { etcd, proxy, watch, write, told } = await scene();
    await write("relay-1");
    const { protocol } = new URL(etcd.url);
    watch({ endpoints: [`${protocol}//127.0.0.1:${proxy.port}`, etcd.url] });
    await told("relay-1");
    await proxy.cut();
    await write("relay-2");
    await told("relay-1", "relay-2");
  });

  it("notices that a connection has died without a word", async () => {
    const { proxy, states, watch, write, told } = await scene();
    watch();
    await told();
    // Told by the watch, so it stands.
    await write("relay-1");
    await told("relay-1");
    await proxy.stall();
    await write("relay-2");
    await vi.waitFor(() => expect(states.at(-1)?.state).toBe("stale"), 10_000);
    await proxy.restore();
    await told("relay-1", "relay-2");
  });

  const user = { name: "otlp", password: "otlp-password" };

  it("gets another token when one is over, for questions and for watches", async () => {
    const { etcd, proxy, watch, write, registrar, told } = await scene({ user });
    await write("relay-2");
    watch();
    await told("relay-2");
    await etcd.outliveTokens();
    proxy.drop();
    await write("relay-3");
    await told("relay-2", "relay-3");
    const registered = await registrar().register({ service: "otlp-case", endpoint });
    await told("relay-1", "relay-2", "relay-3");
    await etcd.outliveTokens();
    await registered.close();
    await told("relay-2", "relay-3");
  });

  it("says at once that a password is wrong, and never which", async () => {
    const { registrar } = await scene({ user });
    const registering = registrar({ password: "wrong-password" }).register({ service: "otlp-case", endpoint });
    await expect(registering).rejects.toMatchObject({ code: "invalid" });
    await expect(registering).rejects.not.toThrow("wrong-password");
  });

  it("says that a user is wanted", async () => {
    const { etcd, registrar } = await scene({ user });
    const nobody = etcdRegistrar({ endpoints: [etcd.url] });
    const error = nobody.register({ service: "otlp-case", endpoint });
    await expect(error).rejects.toThrow("give username and password");
    // And that the others are well.
    await (await registrar().register({ service: "otlp-case", endpoint })).close();
  });

  it("does not mind a user where nobody asks for one", async () => {
    const { registrar } = await scene({}, { username: "otlp", password: "otlp-password" });
    await (await registrar().register({ service: "otlp-case", endpoint })).close();
  });

  it("shows its certificate", async () => {
    const { watch, registrar, told } = await scene({ mutualTls: true });
    watch();
    const registered = await registrar().register({ service: "otlp-case", endpoint });
    await told("relay-1");
    await registered.close();
    await told();
  });

  it("says what is wrong with certificates, and goes on when they are renewed", async () => {
    const { watch, write, told, states, lists } = await scene({ mutualTls: true });
    await write("relay-1");
    let tls: { ca: string; cert?: string; key?: string } = { ca: testAuthority };
    watch({ tls: () => tls });
    await vi.waitFor(() => expect(states.length).toBeGreaterThan(1), 5_000);
    expect(states.every(({ state }) => state === "stale")).toBe(true);
    expect(lists).toEqual([]);
    tls = { ca: testAuthority, ...testClient };
    await told("relay-1");
  });
}

import type { RegistrarWorld, RegistryWorld, WorldEntry } from "@otlpkit/testkit/node";
import { etcdClient } from "../src/etcd/client.ts";
import { etcdRegistrar, type EtcdRegistrarOptions, etcdRegistry, type EtcdRegistryOptions } from "../src/etcd/index.ts";
import { keyOf, prefixEnd } from "../src/etcd/keys.ts";
import { deleteRange, leaseRevoke, put, range } from "../src/etcd/messages.ts";
import { timeOf } from "../src/time.ts";
import { faultProxy } from "./fakes/fault-proxy.ts";

/** An etcd, real or played. */
export interface EtcdUnderTest {
  readonly url: string;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** What cases see of an etcd, through a proxy that things go wrong on. */
export interface EtcdWorld extends RegistryWorld, RegistrarWorld {}

const service = "otlp-case";
const folder = `/otlp/services/${service}/`;

/** Gives up soon, so that cases are quick. */
export const quickEtcd: Pick<EtcdRegistryOptions, "timeoutMs" | "pingMs"> = { timeoutMs: 800, pingMs: 600 };

/** A world of an etcd. */
export async function etcdWorld(
  start: () => Promise<EtcdUnderTest>,
  options: Partial<EtcdRegistryOptions & EtcdRegistrarOptions> = {},
): Promise<EtcdWorld> {
  const etcd = await start();
  const { protocol, port } = new URL(etcd.url);
  const proxy = await faultProxy(Number(port));
  const endpoints = [`${protocol}//127.0.0.1:${proxy.port}`];
  // Straight to it, whatever happens on the way.
  const client = etcdClient({ ...options, endpoints: [etcd.url] }, timeOf());
  const never = new AbortController().signal;
  const clear = (): Promise<unknown> =>
    client.call(deleteRange, { key: keyOf(folder), rangeEnd: prefixEnd(keyOf(folder)) }, never);

  return {
    registry: (settings) => etcdRegistry(service, { endpoints, ...quickEtcd, ...options, ...settings }),
    registrar: (settings) =>
      etcdRegistrar({ endpoints, ttlSeconds: 1, closeTimeoutMs: 1_000, ...quickEtcd, ...options, ...settings }),
    async put({ id, host, port: at, weight, zone, draining, metadata }: WorldEntry) {
      const value = JSON.stringify({ url: `http://${host}:${at}`, weight, zone, draining, metadata });
      await client.call(put, { key: keyOf(folder + id), value: keyOf(value) }, never);
    },
    remove: async (id) => void (await client.call(deleteRange, { key: keyOf(folder + id) }, never)),
    clear: async () => void (await clear()),
    async forget() {
      const { kvs } = await client.call(range, { key: keyOf(folder), rangeEnd: prefixEnd(keyOf(folder)) }, never);
      for (const { lease } of kvs) if (lease !== 0n) await client.call(leaseRevoke, { id: lease }, never);
    },
    cut: () => proxy.cut(),
    stall: () => proxy.stall(),
    garble: () => proxy.garble(),
    restore: () => proxy.restore(),
    restart: () => etcd.restart(),
    get openConnections() {
      return proxy.openConnections;
    },
    async dispose() {
      client.close();
      await proxy.close();
      await etcd.close();
    },
  };
}

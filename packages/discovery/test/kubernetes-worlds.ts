import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RegistryWorld, testAuthority, type WorldEntry } from "@otlpkit/testkit/node";
import { inCluster, kubernetesRegistry, type KubernetesRegistryOptions } from "../src/kubernetes/index.ts";
import { faultProxy } from "./fakes/fault-proxy.ts";
import type { StoredSlice } from "./fakes/kubernetes-server.ts";

/** An API server, real or played. */
export interface KubernetesUnderTest {
  readonly url: string;
  readonly token: string;
  readonly namespace: string;
  readonly put: (slice: StoredSlice) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A pod's folder with what a service account brings. */
export interface Account {
  readonly folder: string;
  /** Replaces the token, as kubelet does. */
  setToken(token: string): Promise<void>;
  remove(): Promise<void>;
}

export async function account(token: string, namespace: string): Promise<Account> {
  const folder = await mkdtemp(join(tmpdir(), "otlpkit-account-"));
  const setToken = (next: string): Promise<void> => writeFile(join(folder, "token"), `${next}\n`);
  await setToken(token);
  await writeFile(join(folder, "ca.crt"), testAuthority);
  await writeFile(join(folder, "namespace"), namespace);
  return { folder, setToken, remove: () => rm(folder, { recursive: true }) };
}

const kind = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" };

/** What a slice of the service "otlp-case" looks like, with these entries. */
export function sliceOf(name: string, entries: readonly WorldEntry[], addressType = "IPv4"): StoredSlice {
  return {
    ...kind,
    metadata: { name, labels: { "kubernetes.io/service-name": "otlp-case" } },
    addressType,
    endpoints: entries.map(({ id, host, zone, draining = false }) => ({
      addresses: [host],
      conditions: { ready: !draining, serving: true, terminating: draining },
      ...(zone === undefined ? {} : { zone }),
      targetRef: { kind: "Pod", name: id },
    })),
    ports: [{ name: "otlp", protocol: "TCP", port: entries[0]?.port ?? 4317 }],
  };
}

/** Gives up soon, so that cases are quick. */
export const quickKubernetes: Partial<KubernetesRegistryOptions> = {
  timeoutMs: 1_000,
  watchSeconds: 1,
  watchGraceMs: 300,
  pageSize: 1,
};

/**
 * A world of an API server, which its pods reach through a proxy that things go wrong on. Its entries are spread over two
 * slices.
 */
export async function kubernetesWorld(
  start: () => Promise<KubernetesUnderTest>,
  addressType = "IPv4",
): Promise<RegistryWorld> {
  const server = await start();
  const proxy = await faultProxy(Number(new URL(server.url).port));
  const pod = await account(server.token, server.namespace);
  const entries = new Map<string, WorldEntry>();
  const env = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(proxy.port) };

  let turn: Promise<unknown> = Promise.resolve();
  const publish = (half: number): Promise<void> => {
    const write = async (): Promise<void> => {
      const mine = [...entries.values()].filter(({ id }) => halfOf(id) === half);
      await server.put(sliceOf(`otlp-case-${half}`, mine, addressType));
    };
    const mine = turn.then(write);
    turn = mine.catch(() => {});
    return mine;
  };
  return {
    registry: (settings) =>
      kubernetesRegistry("otlp-case", {
        port: "otlp",
        access: inCluster({ env, folder: pod.folder }),
        ...quickKubernetes,
        ...settings,
      }),
    put(entry) {
      entries.set(entry.id, entry);
      return publish(halfOf(entry.id));
    },
    remove(id) {
      entries.delete(id);
      return publish(halfOf(id));
    },
    async clear() {
      entries.clear();
      await server.remove("otlp-case-0");
      await server.remove("otlp-case-1");
    },
    cut: () => proxy.cut(),
    stall: () => proxy.stall(),
    garble: () => proxy.garble(),
    restore: () => proxy.restore(),
    restart: () => server.restart(),
    get openConnections() {
      return proxy.openConnections;
    },
    async dispose() {
      await proxy.close();
      await pod.remove();
      await server.close();
    },
  };
}

function halfOf(id: string): number {
  return Number(/\d+$/.exec(id)?.[0] ?? 0) % 2;
}

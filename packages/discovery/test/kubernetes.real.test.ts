import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Endpoint, ExportError } from "@otlpkit/core";
import { registryCases, testAuthority, testClient, testServer } from "@otlpkit/testkit/node";
import { privateFolder, real, type RealKubernetes, startKubernetes } from "@otlpkit/tool-real";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { etcdClient } from "../src/etcd/client.ts";
import { compact, range } from "../src/etcd/messages.ts";
import type { SourceState } from "../src/index.ts";
import { inCluster, kubeconfig, type KubernetesAccess, kubernetesRegistry } from "../src/kubernetes/index.ts";
import { timeOf } from "../src/time.ts";
import { faultProxy } from "./fakes/fault-proxy.ts";
import { account, type KubernetesUnderTest, kubernetesWorld, quickKubernetes, sliceOf } from "./kubernetes-worlds.ts";

const backend = await real("kubernetes");
const etcd = await real("etcd");
const cannot = {
  "hands on weights": "slices know no weights",
  "hands on what else is known": "slices hold nothing of the kind",
};

describe.skipIf(backend === undefined || etcd === undefined)("the registry, on a real API server", () => {
  let server: RealKubernetes;
  let namespaces = 0;

  beforeAll(async () => {
    if (backend === undefined || etcd === undefined) return;
    server = await startKubernetes(backend, etcd, { certificate: testServer, clientAuthority: testAuthority });
  });
  afterAll(() => server?.close());

  /** A namespace of its own for each case, on the one server. */
  async function start(): Promise<KubernetesUnderTest> {
    const namespace = `case-${++namespaces}`;
    await server.ask("POST", "/api/v1/namespaces", { metadata: { name: namespace } });
    const folder = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    const known = new Set<string>();
    return {
      url: server.url,
      token: server.adminToken,
      namespace,
      async put(slice) {
        const { name } = slice.metadata;
        if (known.has(name)) await server.ask("PUT", `${folder}/${name}`, slice);
        else await server.ask("POST", folder, slice);
        known.add(name);
      },
      async remove(name) {
        if (known.delete(name)) await server.ask("DELETE", `${folder}/${name}`);
      },
      async restart() {
        await server.stop();
        await server.start();
      },
      close: async () => {},
    };
  }

  // Addresses of loopback are allowed as names only.
  registryCases({ it }, () => kubernetesWorld(start, "FQDN"), { cannot, patienceMs: 20_000 });

  interface Watching {
    readonly lists: string[];
    readonly states: SourceState[];
    told(expected: string): Promise<void>;
    error(): ExportError | undefined;
    end(): Promise<void>;
  }

  function watch(access: KubernetesAccess): Watching {
    const over = new AbortController();
    const lists: string[] = [];
    const states: SourceState[] = [];
    const registry = kubernetesRegistry("otlp-case", {
      access,
      ...quickKubernetes,
      initialDelayMs: 10,
      maxDelayMs: 100,
      onState: (state) => states.push(state),
    });
    const hosts = (list: readonly Endpoint[]): string => list.map(({ url }) => new URL(url).hostname).join(" ");
    const reading = (async () => {
      for await (const list of registry.watch(over.signal)) lists.push(hosts(list));
    })();
    return {
      lists,
      states,
      told: (expected) => vi.waitFor(() => expect(lists.at(-1)).toBe(expected), { timeout: 20_000, interval: 10 }),
      error: () => states.flatMap((state) => (state.state === "stale" ? [state.error] : [])).at(-1),
      async end() {
        over.abort();
        await reading;
      },
    };
  }

  const at = (...hosts: string[]): { id: string; host: string; port: number }[] =>
    hosts.map((host) => ({ id: host, host, port: 4317 }));

  it("reads everything again when its history was given up (410)", async () => {
    const { namespace, put, remove, token } = await start();
    const proxy = await faultProxy(Number(new URL(server.url).port));
    const pod = await account(token, namespace);
    const env = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(proxy.port) };
    await put(sliceOf("one", at("10.0.0.1")));
    await put(sliceOf("two", at("10.0.0.2")));
    const folder = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    const before = (await server.ask("GET", folder)) as { metadata: { resourceVersion: string } };
    const watching = watch(inCluster({ env, folder: pod.folder }));
    try {
      await watching.told("10.0.0.1 10.0.0.2");
      await proxy.cut();
      await remove("one");
      await put(sliceOf("three", at("10.0.0.3")));
      await giveUpHistory();
      // Restarted, it has nothing in memory of what was before either.
      await server.stop();
      await server.start();
      const old = await server.ask(
        "GET",
        `${folder}?watch=1&timeoutSeconds=2&resourceVersion=${before.metadata.resourceVersion}`,
      );
      expect(old).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } });
      await proxy.restore();
      await watching.told("10.0.0.2 10.0.0.3");
    } finally {
      await watching.end();
      await proxy.close();
      await pod.remove();
    }
  });

  async function giveUpHistory(): Promise<void> {
    const client = etcdClient({ endpoints: server.etcd.urls }, timeOf());
    const { signal } = new AbortController();
    const { header } = await client.call(range, { key: new Uint8Array([1]) }, signal);
    await client.call(compact, { revision: header?.revision ?? 0n }, signal);
    client.close();
  }

  it("works with a service account that may list and watch, and says which verb is missing", async () => {
    const { namespace, put } = await start();
    await put(sliceOf("one", at("10.0.0.1")));
    const core = `/api/v1/namespaces/${namespace}`;
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
    const tokenFor = async (): Promise<string> => {
      const answer = await server.ask("POST", `${core}/serviceaccounts/relay/token`, {
        spec: { expirationSeconds: 600 },
      });
      return (answer as { status: { token: string } }).status.token;
    };
    const allow = (...verbs: string[]): Promise<unknown> =>
      server.ask("PUT", `${rbac}/roles/slices`, {
        metadata: { name: "slices" },
        rules: [{ apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs }],
      });
    await server.ask("POST", `${core}/serviceaccounts`, { metadata: { name: "relay" } });
    await server.ask("POST", `${rbac}/roles`, { metadata: { name: "slices" }, rules: [] });
    await server.ask("POST", `${rbac}/rolebindings`, {
      metadata: { name: "slices" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "slices" },
      subjects: [{ kind: "ServiceAccount", name: "relay", namespace }],
    });
    const pod = await account(await tokenFor(), namespace);
    const { hostname, port } = new URL(server.url);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    const watching = watch(inCluster({ env, folder: pod.folder }));
    const says = (verb: string): Promise<void> =>
      vi.waitFor(() => expect(watching.error()?.message).toContain(`let us ${verb} endpointslices`), 10_000);
    try {
      await says("list");
      await allow("list");
      await says("watch");
      expect(watching.lists).toEqual(["10.0.0.1"]);
      await allow("list", "watch");
      await put(sliceOf("two", at("10.0.0.2")));
      await watching.told("10.0.0.1 10.0.0.2");
      // The account is made anew, and the token of the old one is no good any more.
      await server.ask("DELETE", `${core}/serviceaccounts/relay`);
      await server.ask("POST", `${core}/serviceaccounts`, { metadata: { name: "relay" } });
      await pod.setToken(await tokenFor());
      await put(sliceOf("three", at("10.0.0.3")));
      await watching.told("10.0.0.1 10.0.0.2 10.0.0.3");
    } finally {
      await watching.end();
      await pod.remove();
    }
  });

  it("works with the client certificate of a kubeconfig", async () => {
    const { namespace, put } = await start();
    await put(sliceOf("one", at("10.0.0.1")));
    // The subject of the test kit's certificate is the user.
    await server.ask("POST", `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings`, {
      metadata: { name: "test-client" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "otlpkit TEST ONLY client" }],
    });
    const folder = privateFolder("kubeconfig");
    const path = join(folder.path, "config");
    const data = (pem: string): string => Buffer.from(pem).toString("base64");
    writeFileSync(
      path,
      `
current-context: test
contexts: [{ name: test, context: { cluster: test, user: test, namespace: ${namespace} } }]
clusters: [{ name: test, cluster: { server: "${server.url}", certificate-authority-data: ${data(testAuthority)} } }]
users:
- name: test
  user: { client-certificate-data: ${data(testClient.cert)}, client-key-data: ${data(testClient.key)} }
`,
    );
    const watching = watch(kubeconfig({ path }));
    try {
      await watching.told("10.0.0.1");
    } finally {
      await watching.end();
      folder.remove();
    }
  });
});

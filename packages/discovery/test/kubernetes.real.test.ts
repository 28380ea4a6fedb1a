import { registryCases, testAuthority, testServer } from "@otlpkit/testkit/node";
import { real, type RealKubernetes, startKubernetes } from "@otlpkit/tool-real";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type KubernetesUnderTest, kubernetesWorld } from "./kubernetes-worlds.ts";

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
});

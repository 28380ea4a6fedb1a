import type { RegistrarWorld, RegistryWorld, WorldEntry } from "@otlpkit/testkit/node";
import { eurekaRegistrar, eurekaRegistry, type EurekaRegistryOptions } from "../src/eureka/index.ts";
import { type EurekaInstance, fakeEureka } from "./fakes/eureka-server.ts";

/** Asks often, so that cases are quick. */
export const quickEureka: EurekaRegistryOptions = { pollMs: 40, timeoutMs: 200, missingGraceMs: 500 };

/** An instance of the application of the cases. */
export function instanceAt({ id, host, port, weight, zone, draining, metadata }: WorldEntry): EurekaInstance {
  return {
    instanceId: id,
    app: "otlp-case",
    hostName: host,
    ipAddr: host,
    status: draining === true ? "OUT_OF_SERVICE" : "UP",
    port: { $: port, "@enabled": "true" },
    metadata: {
      ...metadata,
      ...(zone === undefined ? {} : { zone }),
      ...(weight === undefined ? {} : { "otlp-weight": String(weight) }),
    },
  };
}

/** A fake server with an application that is always there beside that of the cases. */
export async function eurekaWorld(basePath = "/eureka"): Promise<RegistryWorld & RegistrarWorld> {
  const server = await fakeEureka(basePath);
  const url = server.base;
  const entries = new Map<string, WorldEntry>();
  server.put({ ...instanceAt({ id: "other", host: "127.0.0.77", port: 1 }), app: "other" });
  return {
    registry: (settings) => eurekaRegistry("otlp-case", { ...quickEureka, url, ...settings }),
    registrar: (settings) =>
      eurekaRegistrar({ url, timeoutMs: 500, closeTimeoutMs: 500, beatMs: 150, durationMs: 1_000, ...settings }),
    async put(entry) {
      entries.set(entry.id, entry);
      server.put(instanceAt(entry));
    },
    async remove(id) {
      entries.delete(id);
      server.remove(id);
    },
    async clear() {
      for (const id of entries.keys()) server.remove(id);
      entries.clear();
    },
    forget: async () => server.forget(),
    cut: () => server.listen(false),
    stall: async () => server.fault("silent"),
    garble: async () => server.fault("garbage"),
    async restore() {
      server.fault(undefined);
      await server.listen(true);
    },
    async restart() {
      await server.listen(false);
      server.forget();
      await server.listen(true);
      // Who was registered finds out at his next sign of life, and registers again.
      setTimeout(() => {
        for (const entry of entries.values()) server.put(instanceAt(entry));
      }, 150);
    },
    get openConnections() {
      return server.openConnections;
    },
    dispose: () => server.close(),
  };
}

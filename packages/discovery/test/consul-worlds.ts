import { fakeConsul, type RegistrarWorld, type RegistryWorld } from "@otlpkit/testkit/node";
import {
  consulRegistrar,
  type ConsulRegistrarOptions,
  consulRegistry,
  type ConsulRegistryOptions,
} from "../src/consul/index.ts";

/** Waits little, so that cases are quick. */
export const quickConsul: ConsulRegistryOptions = { waitMs: 200, timeoutMs: 200, minIntervalMs: 20 };

/** A fake agent that is filled by cases, and by registrars. */
export async function consulWorld(more: ConsulRegistrarOptions = {}): Promise<RegistryWorld & RegistrarWorld> {
  const server = await fakeConsul();
  const { url } = server;
  return {
    registry: (settings) => consulRegistry("otlp-case", { ...quickConsul, url, ...settings }),
    registrar: (settings) =>
      consulRegistrar({
        url,
        timeoutMs: 500,
        closeTimeoutMs: 500,
        check: { kind: "ttl", ttlMs: 600 },
        ...settings,
        ...more,
      }),
    async put({ id, host, port, weight, zone, draining, metadata }) {
      server.put({
        ID: id,
        Name: "otlp-case",
        Address: host,
        Port: port,
        Meta: { ...metadata, ...(zone === undefined ? {} : { "otlp-zone": zone }) },
        ...(weight === undefined ? {} : { Weights: { Passing: weight, Warning: 1 } }),
      });
      if (draining === true) server.maintain(id, true);
    },
    remove: async (id) => server.remove(id),
    async clear() {
      for (let number = 1; number < 10; number++) server.remove(`relay-${number}`);
    },
    forget: async () => server.forget(),
    cut: () => server.listen(false),
    stall: async () => stalled(),
    garble: async () => {
      server.fault("garbage");
      server.drop();
    },
    async restore() {
      server.fault(undefined);
      await server.listen(true);
    },
    restart: () => server.restart(),
    get openConnections() {
      return server.openConnections;
    },
    dispose: () => server.close(),
  };

  /** Also for questions that wait already: they are put again, and then there is silence. */
  function stalled(): void {
    server.fault("silent");
    server.drop();
  }
}

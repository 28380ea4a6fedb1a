import type { RegistryWorld, WorldEntry } from "@otlpkit/testkit/node";
import type { DnsRegistryOptions } from "../src/dns/index.ts";
import { dnsRegistry } from "../src/dns/index.ts";
import { fakeDns, type FakeRecord } from "./fakes/dns-server.ts";

/** Asks often and gives up soon, so that cases are quick. */
export const quickDns: DnsRegistryOptions = { minTtlMs: 40, maxTtlMs: 40, timeoutMs: 150, attempts: 1 };

/** A fake server whose zone has one name with an address for each entry. */
export async function addressWorld(): Promise<RegistryWorld> {
  return world("relays.test:4317", (entries, set) =>
    set(
      "relays.test",
      entries.map(({ host }) => ({ type: "A", data: host })),
    ),
  );
}

/** A fake server whose zone has a service with a target for each entry. */
export async function serviceWorld(): Promise<RegistryWorld> {
  return world("_otlp._tcp.test", (entries, set) => {
    for (const { id, host } of entries) set(`${id}.test`, [{ type: "A", data: host }]);
    set(
      "_otlp._tcp.test",
      entries.map(({ id, port, weight = 1 }) => ({ type: "SRV", data: { target: `${id}.test`, port, weight } })),
    );
  });
}

async function world(
  target: string,
  fill: (entries: readonly WorldEntry[], set: (name: string, records: readonly FakeRecord[]) => void) => void,
): Promise<RegistryWorld> {
  const server = await fakeDns();
  const entries = new Map<string, WorldEntry>();
  const publish = async (): Promise<void> => fill([...entries.values()], (name, records) => server.set(name, records));
  return {
    registry: (settings) => dnsRegistry(target, { ...quickDns, servers: [server.address], ...settings }),
    put(entry) {
      entries.set(entry.id, entry);
      return publish();
    },
    remove(id) {
      entries.delete(id);
      return publish();
    },
    clear() {
      entries.clear();
      return publish();
    },
    cut: () => server.listen(false),
    stall: async () => server.fault("silent"),
    garble: async () => server.fault("garbage"),
    async restore() {
      server.fault(undefined);
      await server.listen(true);
    },
    async restart() {
      await server.listen(false);
      await server.listen(true);
    },
    get openConnections() {
      return server.openConnections;
    },
    dispose: () => server.close(),
  };
}

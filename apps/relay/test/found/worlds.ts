import { freePort, type RealBackend, startBind, startEtcd } from "@otlpkit/tool-real";
import type { RelayProcess } from "../hostile/relay-process.ts";
import type { Place } from "./relay-behind.ts";

/** Where relays are found, and how they get there. */
export interface World {
  /** "etcd". */
  readonly name: string;
  /** What `discovery` says. */
  readonly discovery: string;
  /** What `service` says of relays that register themselves. */
  readonly registration?: (place: Place) => string;
  /** Where the relay of that number listens. */
  place(number: number): Promise<Place>;
  /** How those who find a place call it. */
  nameOf(place: Place): string;
  /** Announces a relay that is ready. When that was. */
  come(place: Place, relay: RelayProcess): Promise<number>;
  /** Before a relay is asked to end. */
  leave(place: Place): Promise<void>;
  /** After it has ended, or was found dead. */
  bury(place: Place): Promise<void>;
  /** The source itself dies and comes again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export type Protocol = "grpc" | "http";

const service = "otlp-relay";
const leaseSeconds = 2;

/** Relays register themselves in etcd, say when they drain, and are forgotten with their lease. */
export async function etcdWorld(backend: RealBackend, protocol: Protocol): Promise<World> {
  const etcd = await startEtcd(backend);
  const access = `endpoints: ["${etcd.urls[0]}"]`;
  return {
    name: "etcd",
    discovery: `{ etcd: { ${access}, service: ${service} } }`,
    registration: (place) =>
      `registration: { service: ${service}, id: ${place.id}, url: "${urlOf(place, protocol)}", etcd: { ${access}, ttl: ${leaseSeconds}s } }`,
    place: async (number) => ({
      id: `relay-${number}`,
      host: "127.0.0.1",
      grpcPort: await freePort(),
      httpPort: await freePort(),
    }),
    nameOf: ({ id }) => id,
    come: (_, relay) => relay.said(" registered "),
    leave: () => Promise.resolve(),
    bury: () => Promise.resolve(),
    async restart() {
      await etcd.stop(0, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 500));
      await etcd.start(0);
    },
    close: () => etcd.close(),
  };
}

/**
 * Somebody writes relays into a zone. SRV says ports and names, and who is to go is taken out before; addresses share a
 * port, and are taken out when it is too late, as when pods behind a headless service end at once.
 */
export async function dnsWorld(backend: RealBackend, protocol: Protocol, type: "SRV" | "A"): Promise<World> {
  const bind = await startBind(backend);
  const [grpcPort, httpPort] = [await freePort(), await freePort()];
  const portOf = (place: Place): number => (protocol === "grpc" ? place.grpcPort : place.httpPort);
  const record = (place: Place): string =>
    type === "A" ? `relays.test 1 A ${place.host}` : `_otlp._tcp.test 1 SRV 0 1 ${portOf(place)} ${place.id}.test.`;
  const listed = new Set<Place>();
  const remove = async (place: Place): Promise<void> => {
    if (!listed.delete(place)) return;
    await bind.update(`update delete ${record(place).replace(" 1 ", " ")}`);
    // For as long as the record may be believed, and a moment more.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
  };
  const port = protocol === "grpc" ? grpcPort : httpPort;
  const where = type === "A" ? `hostname: relays.test, port: "${port}"` : "hostname: _otlp._tcp.test";
  return {
    name: `DNS ${type}`,
    discovery: `{ dns: { ${where}, servers: ["${bind.address}"], interval: 1s } }`,
    place: async (number) => ({
      id: `relay-${number}`,
      host: type === "A" ? `127.0.0.${10 + number}` : "127.0.0.1",
      ...(type === "A" ? { grpcPort, httpPort } : { grpcPort: await freePort(), httpPort: await freePort() }),
    }),
    nameOf: (place) => `${type === "A" ? `http://${place.host}` : `${place.id}.test`}:${portOf(place)}`,
    async come(place) {
      listed.add(place);
      await bind.update(`update add ${place.id}.test 1 A ${place.host}`, `update add ${record(place)}`);
      return performance.now();
    },
    leave: (place) => (type === "SRV" ? remove(place) : Promise.resolve()),
    bury: remove,
    async restart() {
      await bind.stop();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await bind.start();
    },
    close: () => bind.close(),
  };
}

function urlOf({ host, grpcPort, httpPort }: Place, protocol: Protocol): string {
  return `http://${host}:${protocol === "grpc" ? grpcPort : httpPort}`;
}

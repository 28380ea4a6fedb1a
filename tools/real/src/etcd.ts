import { connect } from "node:net";
import { type RealBackend } from "./backends.ts";
import { freePort, privateFolder, startServer, type RealServer } from "./server.ts";

/** How an etcd is started. */
export interface EtcdOptions {
  /** Members of the cluster. Default 1. */
  readonly members?: number;
  /** Further arguments of each member: `--auth-token-ttl=2`. */
  readonly args?: readonly string[];
  /** Clients need TLS: paths of PEM files. With `ca`, clients need a certificate too. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
}

/** An etcd, or a cluster, that runs on loopback. */
export interface RealEtcd {
  /** Of each member, for clients. */
  readonly urls: readonly string[];
  /** Ends one member; its data stay. Default: the first, with SIGTERM. */
  stop(member?: number, signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again, where it was and with what it had. */
  start(member?: number): Promise<void>;
  /** Ends all and removes their data. */
  close(): Promise<void>;
}

/** Starts an etcd, or several that form a cluster. */
export async function startEtcd({ program }: RealBackend, options: EtcdOptions = {}): Promise<RealEtcd> {
  const { members = 1, args = [], tls } = options;
  const folder = privateFolder("etcd");
  const scheme = tls === undefined ? "http" : "https";
  const places = await Promise.all(
    Array.from({ length: members }, async (_, index) => ({
      name: `member${index}`,
      client: await freePort(),
      peer: await freePort(),
    })),
  );
  const cluster = places.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join();
  const running = new Map<number, RealServer>();

  async function start(member = 0): Promise<void> {
    const place = places[member];
    if (place === undefined) throw new RangeError(`there is no member ${member}`);
    const clients = `${scheme}://127.0.0.1:${place.client}`;
    const peers = `http://127.0.0.1:${place.peer}`;
    const security =
      tls === undefined
        ? []
        : [
            `--cert-file=${tls.cert}`,
            `--key-file=${tls.key}`,
            ...(tls.ca === undefined ? [] : ["--client-cert-auth", `--trusted-ca-file=${tls.ca}`]),
          ];
    const server = await startServer({
      name: `etcd ${place.name}`,
      command: [
        program,
        `--name=${place.name}`,
        `--data-dir=${folder.path}/${place.name}`,
        `--listen-client-urls=${clients}`,
        `--advertise-client-urls=${clients}`,
        `--listen-peer-urls=${peers}`,
        `--initial-advertise-peer-urls=${peers}`,
        `--initial-cluster=${cluster}`,
        "--heartbeat-interval=50",
        "--election-timeout=500",
        ...security,
        ...args,
      ],
      ready: () => accepts(place.client),
    });
    running.set(member, server);
  }

  await Promise.all(places.map((_, member) => start(member))).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  async function stop(member = 0, signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    await running.get(member)?.stop(signal);
    running.delete(member);
  }
  async function close(): Promise<void> {
    await Promise.all([...running.values()].map((server) => server.stop("SIGKILL")));
    folder.remove();
  }
  return { urls: places.map(({ client }) => `${scheme}://127.0.0.1:${client}`), stop, start, close };
}

/** etcd opens its port for clients when it has joined its cluster, and not before. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

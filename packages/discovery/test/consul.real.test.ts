import { registrarCases, type RegistrarWorld, registryCases, type RegistryWorld } from "@otlpkit/testkit/node";
import { freePort, privateFolder, real, type RealBackend, type RealServer, startServer } from "@otlpkit/tool-real";
import { afterAll, beforeAll, describe, it } from "vitest";
import { consulRegistrar, consulRegistry } from "../src/consul/index.ts";
import { faultWire } from "./fakes/fault-wire.ts";

const consul = await real("consul");

describe.skipIf(consul === undefined)("Consul (the real one)", () => {
  let agent: Agent;
  beforeAll(async () => void (agent = await startConsul(consul as RealBackend)));
  afterAll(() => agent?.close());

  const patient = { patienceMs: 30_000, quietMs: 400 };
  registryCases({ it }, () => world(agent), patient);
  registrarCases({ it }, () => world(agent), patient);
});

interface Agent {
  readonly port: number;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A server that is its own leader and keeps what it knows, which `-dev` does not. */
async function startConsul({ program }: RealBackend): Promise<Agent> {
  const folder = privateFolder("consul");
  const [port, rpc, serf] = [await freePort(), await freePort(), await freePort()];
  let server: RealServer | undefined;
  async function start(): Promise<void> {
    server = await startServer({
      name: "consul",
      command: [
        program,
        ..."agent -server -bootstrap-expect=1 -bind=127.0.0.1 -client=127.0.0.1 -log-level=warn".split(" "),
        ...`-data-dir=${folder.path} -http-port=${port} -server-port=${rpc} -serf-lan-port=${serf}`.split(" "),
        ..."-serf-wan-port=-1 -dns-port=-1 -grpc-port=-1 -grpc-tls-port=-1".split(" "),
      ],
      ready: async () => ((await (await ask(port, "GET", "/v1/status/leader")).json()) as string) !== "",
    });
  }
  await start();
  return {
    port,
    async restart() {
      await server?.stop();
      await start();
    },
    async close() {
      await server?.stop();
      folder.remove();
    },
  };
}

/** The agent behind a wire that is cut, stalled and garbled; instances are put past it. */
async function world(agent: Agent): Promise<RegistryWorld & RegistrarWorld> {
  const wire = await faultWire(agent.port);
  const url = `http://127.0.0.1:${wire.port}`;
  const quick = { waitMs: 500, timeoutMs: 1_000, minIntervalMs: 50 };

  async function removeAll(): Promise<void> {
    const services = (await (await ask(agent.port, "GET", "/v1/agent/services")).json()) as Record<string, unknown>;
    for (const id of Object.keys(services)) await ask(agent.port, "PUT", `/v1/agent/service/deregister/${id}`);
  }
  return {
    registry: (settings) => consulRegistry("otlp-case", { ...quick, url, ...settings }),
    registrar: (settings) =>
      consulRegistrar({ url, timeoutMs: 2_000, check: { kind: "ttl", ttlMs: 3_000 }, ...settings }),
    async put({ id, host, port, weight, zone, draining, metadata }) {
      await ask(agent.port, "PUT", "/v1/agent/service/register", {
        ID: id,
        Name: "otlp-case",
        Address: host,
        Port: port,
        Meta: { ...metadata, ...(zone === undefined ? {} : { "otlp-zone": zone }) },
        ...(weight === undefined ? {} : { Weights: { Passing: weight, Warning: 1 } }),
      });
      if (draining === true) await ask(agent.port, "PUT", `/v1/agent/service/maintenance/${id}?enable=true`);
    },
    remove: async (id) => void (await ask(agent.port, "PUT", `/v1/agent/service/deregister/${id}`)),
    clear: removeAll,
    forget: removeAll,
    cut: () => wire.cut(),
    stall: async () => wire.stall(),
    garble: async () => wire.garble(),
    restore: () => wire.restore(),
    restart: () => agent.restart(),
    get openConnections() {
      return wire.openConnections;
    },
    async dispose() {
      await wire.close();
      await removeAll();
    },
  };
}

async function ask(port: number, method: string, path: string, body?: unknown): Promise<Response> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok && answer.status !== 404)
    throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

import {
  registrarCases,
  type RegistrarWorld,
  registryCases,
  type RegistryWorld,
  type WorldEntry,
} from "@otlpkit/testkit/node";
import { freePort, real, type RealBackend, type RealServer, startServer } from "@otlpkit/tool-real";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { eurekaRegistrar, eurekaRegistry } from "../src/eureka/index.ts";
import { instanceAt } from "./eureka-worlds.ts";
import { faultWire } from "./fakes/fault-wire.ts";

const eureka = await real("eureka");

// A Java server on a busy machine takes its time to start, and some cases start it again.
vi.setConfig({ testTimeout: 300_000 });

describe.skipIf(eureka === undefined)("Eureka (the real one, Spring's paths)", () => {
  // It takes long to start, so all cases have the same one, one after the other.
  let server: Eureka;
  beforeAll(async () => void (server = await startEureka(eureka as RealBackend)), 300_000);
  afterAll(() => server?.stop());

  const patient = { patienceMs: 30_000, quietMs: 400 };
  registryCases({ it }, () => world(server), patient);
  registrarCases({ it }, () => world(server), patient);
});

interface Eureka {
  readonly port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function startEureka({ program }: RealBackend): Promise<Eureka> {
  const port = await freePort();
  let server: RealServer | undefined;
  async function start(): Promise<void> {
    server = await startServer({
      name: "eureka",
      command: ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", program, `--server.port=${port}`],
      ready: async () => (await ask(port, "GET", "")).ok,
      timeoutMs: 240_000,
    });
  }
  await start();
  return {
    port,
    start,
    async stop() {
      await server?.stop("SIGKILL");
    },
  };
}

/** The server behind a wire that is cut, stalled and garbled; entries are put past it. */
async function world(server: Eureka): Promise<RegistryWorld & RegistrarWorld> {
  const wire = await faultWire(server.port);
  const url = `http://127.0.0.1:${wire.port}/eureka`;
  const entries = new Map<string, WorldEntry>();
  const app = "/OTLP-CASE";

  async function put(entry: WorldEntry): Promise<void> {
    const instance = { ...instanceAt(entry), lastDirtyTimestamp: String(Date.now()) };
    const vipAddress = "otlp-case";
    const dataCenterInfo = {
      "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo",
      name: "MyOwn",
    };
    await ask(server.port, "POST", app, { instance: { ...instance, app: "OTLP-CASE", vipAddress, dataCenterInfo } });
  }
  /** A registration takes no instance out of service that is up; only an order does. */
  async function putAndOrder(entry: WorldEntry): Promise<void> {
    await put({ ...entry, draining: false });
    if (entry.draining === true) await ask(server.port, "PUT", `${app}/${entry.id}/status?value=OUT_OF_SERVICE`);
  }
  async function removeAll(): Promise<void> {
    const answer = await ask(server.port, "GET", app);
    if (answer.status === 404) return;
    const { application } = (await answer.json()) as {
      readonly application: { readonly instance: readonly { readonly instanceId: string }[] };
    };
    for (const { instanceId } of application.instance) await ask(server.port, "DELETE", `${app}/${instanceId}`);
  }
  return {
    registry: (settings) =>
      eurekaRegistry("otlp-case", { pollMs: 100, timeoutMs: 1_000, missingGraceMs: 10_000, url, ...settings }),
    registrar: (settings) => eurekaRegistrar({ url, timeoutMs: 2_000, beatMs: 300, durationMs: 2_000, ...settings }),
    put(entry) {
      entries.set(entry.id, entry);
      return putAndOrder(entry);
    },
    async remove(id) {
      entries.delete(id);
      await ask(server.port, "DELETE", `${app}/${id}`);
    },
    async clear() {
      entries.clear();
      await removeAll();
    },
    forget: removeAll,
    cut: () => wire.cut(),
    stall: async () => wire.stall(),
    garble: async () => wire.garble(),
    restore: () => wire.restore(),
    async restart() {
      await server.stop();
      await server.start();
      // Who was registered finds out at his next sign of life, and registers again.
      for (const entry of entries.values()) await put(entry);
    },
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
  const answer = await fetch(`http://127.0.0.1:${port}/eureka/apps${path}`, {
    method,
    headers: { accept: "application/json", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok && answer.status !== 404) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer;
}

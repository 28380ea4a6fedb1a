// Relays that tell a registry where they are, and relays that find them there; Consul and DNS are played.
import { gzip } from "@otlpkit/compression";
import { accepted } from "@otlpkit/core";
import { seeded } from "@otlpkit/testkit";
import { type Backend, type FakeConsul, fakeConsul, freePort, grpcBackend } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { httpTransport } from "@otlpkit/transport-http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Relay, startRelay } from "../src/start-relay.ts";
import { smallDns } from "./found/small-dns.ts";
import { configured, pipelinesTo, remembering } from "./running.ts";

const source = seeded(61);

async function consulOf(): Promise<FakeConsul> {
  const consul = await fakeConsul();
  onTestFinished(() => consul.close());
  return consul;
}

async function destination(): Promise<Backend> {
  const backend = await grpcBackend();
  onTestFinished(() => backend.close());
  return backend;
}

async function relayWith(receivers: string, exporter: string, service = "status: { enabled: false }"): Promise<Relay> {
  const yaml = `
receivers: { otlp: { protocols: { ${receivers} } } }
exporters: { ${exporter} }
service:
  ${service}
  pipelines:
${pipelinesTo("otlp")}`;
  const relay = await startRelay(await configured(yaml), { log: remembering().log });
  onTestFinished(async () => void (await relay.close(500)));
  return relay;
}

/** A relay that registers itself as `id`, with a sign of life every fifth of a second. */
function registered(id: string, consul: FakeConsul, to: Backend, more = ""): Promise<Relay> {
  return relayWith(
    `grpc: { endpoint: "127.0.0.1:0" }`,
    `otlp: { endpoint: "${to.url}" }`,
    `registration: { service: relays, id: ${id}, zone: a, weight: 3, consul: { url: "${consul.url}", ttl: 600ms }, ${more} }
  status: { enabled: false }`,
  );
}

/** A relay that finds others, with what sends to it; the items that went well are counted by their destination. */
async function front(discovery: string): Promise<{ relay: Relay; send: () => Promise<void> }> {
  const relay = await relayWith(
    `http: { endpoint: "127.0.0.1:0" }`,
    `otlp: { tls: { insecure: true }, discovery: { ${discovery} }, balancer: { type: round_robin } }`,
    'status: { endpoint: "127.0.0.1:0" }',
  );
  const sender = httpTransport().connect({ url: relay.doors[0]!.url });
  onTestFinished(() => sender.close());
  const send = async (): Promise<void> => {
    await sender.send(source.traces({ items: 5 }), { deadline: performance.now() + 20_000 });
  };
  return { relay, send };
}

const failedAttempts = ({ metrics }: Relay): number => metrics.sum("otlpkit_balancer_failed_attempts");
const changes = ({ asked }: FakeConsul): string[] =>
  asked
    .filter(({ method, path }) => method === "PUT" && !path.includes("/check/"))
    .map(({ path }) => path.split("/")[4]!);
const soon = { timeout: 10_000, interval: 20 };

describe("a relay that registers itself", () => {
  it("is known with its place, drains before its doors close, and is gone at the end", async () => {
    const [consul, to] = [await consulOf(), await destination()];
    const relay = await registered("one", consul, to, "drain_wait: 300ms");
    await vi.waitFor(() => expect(consul.registered("one")).toBeDefined(), soon);
    expect(consul.registered("one")).toMatchObject({
      Name: "relays",
      Address: "127.0.0.1",
      Port: Number(new URL(relay.doors[0]!.url).port),
      Weights: { Passing: 3 },
      Meta: { "otlp-zone": "a" },
    });
    const { relay: finds, send } = await front(`consul: { url: "${consul.url}", service: relays }`);
    await send();
    const closing = relay.close(4_000);
    await vi.waitFor(() => expect(changes(consul)).toContain("maintenance"), soon);
    // Who has not heard of it yet is still served.
    await sendOne(relay.doors[0]!.url);
    expect(await closing).toEqual({ leftItems: 0 });
    expect(changes(consul)).toEqual(["register", "maintenance", "deregister"]);
    expect(consul.registered("one")).toBeUndefined();
    expect(failedAttempts(finds)).toBe(0);
  });

  it("is missed by nobody when it goes while others stay", async () => {
    const [consul, to] = [await consulOf(), await destination()];
    const [one] = await Promise.all(["one", "two"].map((id) => registered(id, consul, to, "drain_wait: 1500ms")));
    const { relay, send } = await front(`consul: { url: "${consul.url}", service: relays }`);
    await vi.waitFor(async () => expect(await statesOf(relay)).toEqual(["one ready", "two ready"]), soon);
    let closed = false;
    const closing = one!.close(8_000).then(() => (closed = true));
    let sends = 0;
    for (; !closed || sends < 10; sends++) await send();
    await closing;
    expect(failedAttempts(relay)).toBe(0);
    expect(to.acceptedItemIds()).toHaveLength(sends * 5);
    await vi.waitFor(async () => expect(await statesOf(relay)).toEqual(["two ready"]), soon);
  });

  it("registers again when the registry has forgotten it", async () => {
    const [consul, to] = [await consulOf(), await destination()];
    const relay = await registered("one", consul, to);
    await vi.waitFor(() => expect(consul.registered("one")).toBeDefined(), soon);
    consul.forget();
    await vi.waitFor(() => expect(consul.registered("one")).toBeDefined(), soon);
    await relay.close(500);
    expect(consul.registered("one")).toBeUndefined();
  });

  it("starts without its registry, says so, and is known once that is there", async () => {
    const [consul, to] = [await consulOf(), await destination()];
    await consul.listen(false);
    const relay = await registered("one", consul, to);
    await vi.waitFor(
      () => expect(relay.metrics.sum("otlpkit_registration_fresh", { registry: "consul" })).toBe(0),
      soon,
    );
    const report = relay.health.report();
    expect(report).toMatchObject({ state: "degraded", components: { registration: { state: "degraded" } } });
    await consul.listen(true);
    await vi.waitFor(() => expect(consul.registered("one")).toBeDefined(), soon);
    await vi.waitFor(() => expect(relay.health.report().state).toBe("ready"), soon);
  });

  it("lets the agent ask whether it is well, if it is told to", async () => {
    const [consul, to] = [await consulOf(), await destination()];
    const relay = await relayWith(
      `grpc: { endpoint: "127.0.0.1:0" }`,
      `otlp: { endpoint: "${to.url}" }`,
      `registration: { service: relays, consul: { url: "${consul.url}", check: grpc } }
  status: { enabled: false }`,
    );
    const id = await vi.waitFor(() => {
      const asked = consul.asked.find(({ path }) => path === "/v1/agent/service/register")!;
      return (asked.body as { ID: string }).ID;
    }, soon);
    const { host } = new URL(relay.doors[0]!.url);
    expect(consul.registered(id)?.Checks).toMatchObject([{ GRPC: host }]);
  });
});

describe("discovery by DNS", () => {
  it("sends to whom the name stands for", async () => {
    const port = await freePort();
    const seen: string[] = [];
    for (const host of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) {
      const listening = await grpcReceiver({ host, port, compressors: [gzip()] }).listen({
        send: async () => {
          seen.push(host);
          return accepted;
        },
        close: () => Promise.resolve(),
      });
      onTestFinished(() => listening.close({ graceMs: 0 }));
    }
    const dns = await smallDns();
    onTestFinished(() => dns.close());
    dns.addresses = ["127.0.0.1", "127.0.0.2"];
    const where = `dns: { hostname: relays.test, port: "${port}", servers: ["${dns.address}"], interval: 1s }`;
    const { relay, send } = await front(where);
    for (let round = 0; round < 4; round++) await send();
    expect(seen.toSorted()).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2"]);
    dns.addresses = ["127.0.0.3"];
    await vi.waitFor(async () => {
      await send();
      expect(seen.at(-1)).toBe("127.0.0.3");
      expect(await statesOf(relay)).toEqual([`http://127.0.0.3:${port} starting`]);
    }, soon);
    expect(failedAttempts(relay)).toBe(0);
  });
});

async function sendOne(url: string): Promise<void> {
  const sender = grpcTransport().connect({ url });
  await sender.send(source.logs({ items: 1 }), { deadline: performance.now() + 5_000 });
  await sender.close();
}

/** What /status tells of the endpoints. */
async function statesOf({ status }: Relay): Promise<string[]> {
  const page = await (await fetch(`${status}/status`)).json();
  const { endpoints } = page as { endpoints: { otlp: { id: string; state: string }[] } };
  return endpoints.otlp.map(({ id, state }) => `${id} ${state}`);
}

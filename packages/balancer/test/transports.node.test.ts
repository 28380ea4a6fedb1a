import { pipe, type Transport } from "@otlpkit/core";
import { retry } from "@otlpkit/retry";
import { ledger, seeded } from "@otlpkit/testkit";
import { type Backend, type BackendOptions, grpcBackend, httpBackend } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import { afterEach, describe, expect, it } from "vitest";
import { consistentHash, peakEwma, roundRobin, route, type RouteEvent } from "../src/index.ts";
import { fakeRegistry } from "./fake-registry.ts";

const kinds: readonly (readonly [string, () => Transport, (options?: BackendOptions) => Promise<Backend>])[] = [
  ["gRPC", () => grpcTransport(), grpcBackend],
  ["HTTP", () => httpTransport(), httpBackend],
];
const ids = ["a", "b", "c"];

const open: Backend[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((backend) => backend.close()));
});

describe.each(kinds)("a route over %s", (kind, transport, start) => {
  async function backends(): Promise<Backend[]> {
    const started = await Promise.all(ids.map(() => start()));
    open.push(...started);
    return started;
  }
  const registryOf = (from: readonly Backend[]) =>
    fakeRegistry(...from.map(({ url }, index) => ({ id: ids[index] as string, url })));

  it.each([
    ["in turn", () => roundRobin()],
    ["by latency", () => peakEwma()],
    ["by trace", () => consistentHash()],
  ] as const)("loses nothing while a backend dies and comes back, %s", async (_, balancer) => {
    const data = seeded(21);
    const from = await backends();
    const [first, dying] = from as [Backend, Backend, Backend];
    first.script((_request, n) => (n % 7 === 0 ? { kind: "reset", when: "before-headers" } : { kind: "ok" }));
    const events: RouteEvent[] = [];
    const sender = pipe(
      retry({ initialDelayMs: 20, maxDelayMs: 100 }),
      route(registryOf(from), balancer(), {
        onEvent: (event) => void events.push(event),
        outlierDetection: { baseEjectionMs: 50 },
        circuitBreaker: { openMs: 50 },
        latencyTauMs: 200,
      })(transport()),
    );
    const books = ledger();
    const taken = new Set<Backend>(from);
    const load = async (count: number): Promise<void> => {
      await Promise.all(
        Array.from({ length: count }, async () => {
          const batch = data.traces({ items: 16 });
          books.sent(batch);
          books.acknowledged(batch, await sender.send(batch, { deadline: performance.now() + 20_000 }));
        }),
      );
    };
    for (let turn = 0; turn < 4; turn++) await load(10);
    await dying.close();
    for (let turn = 0; turn < 4; turn++) await load(10);
    const again = await start({ port: dying.port });
    open.push(again);
    taken.add(again);
    // Until it is of use again.
    for (let turn = 0; turn < 200 && again.requests.length === 0; turn++) {
      await load(5);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await sender.close();
    for (const backend of taken) books.received(backend.acceptedItemIds());
    const { missing, lost, unexpected, sent, acknowledged } = books.report();
    expect([missing, lost, unexpected]).toEqual([[], [], []]);
    expect(acknowledged).toBe(sent);
    expect(again.requests.length).toBeGreaterThan(0);
    expect(events.some((event) => event.kind === "failed" && event.goesOn)).toBe(true);
  });

  it("sends nothing twice when nobody listens or an endpoint says no", async () => {
    const from = await backends();
    const [gone, refusing, well] = from as [Backend, Backend, Backend];
    await gone.close();
    refusing.script({ kind: "refuse" });
    // Neither may have arrived as far as gRPC can say; of HTTP's 503 nobody knows who gave it.
    const options = kind === "gRPC" ? { maxRepeats: 0 } : {};
    const sender = route(registryOf(from), roundRobin({ random: () => 0 }), options)(transport());
    const batch = seeded(22).traces({ items: 3 });
    expect(await sender.send(batch, {})).toEqual({ rejectedItems: 0, message: "" });
    expect(well.acceptedItemIds()).toHaveLength(3);
    await sender.close();
  });
});

describe("connections", () => {
  it("are as many as the pool says, each with its share", async () => {
    const backend = await grpcBackend();
    open.push(backend);
    const sender = route(fakeRegistry({ id: "a", url: backend.url }), roundRobin(), {
      pool: { maxConnections: 3, requestsPerConnection: 2, warmUp: "traces" },
    })(grpcTransport());
    await backend.arrived(1);
    expect(backend.requests[0]?.body.length).toBe(0);
    let answer = (): void => {};
    const until = new Promise<void>((resolve) => (answer = resolve));
    backend.script({ kind: "ok", until });
    const data = seeded(23);
    const sends = Array.from({ length: 6 }, () => sender.send(data.traces({ items: 1 }), {}));
    await backend.arrived(7);
    expect(backend.openConnections).toBe(3);
    answer();
    await Promise.all(sends);
    await sender.close();
  });
});

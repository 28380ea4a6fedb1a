import { compress, gzip } from "@otlpkit/compression";
import { type Ack, accepted, type Batch, ExportError, pipe, type Transport } from "@otlpkit/core";
import { splitByKey, traceIdKey } from "@otlpkit/otlp";
import { retry } from "@otlpkit/retry";
import { fakeClock, itemIds, ledger, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { fakeRegistry } from "../test/fake-registry.ts";
import { fakeTransport, timeOf } from "../test/fake-transport.ts";
import { byHeader, byTenant, consistentHash, route, type RouteOptions } from "./index.ts";

const hosts = ["a", "b", "c", "d"];
const gone = new ExportError("unavailable", "not there", { grpcStatus: 14 });

function bench(options: RouteOptions = {}, balancer = consistentHash()) {
  const clock = fakeClock();
  const registry = fakeRegistry(...hosts);
  const transport = fakeTransport(clock);
  const sender = route(registry, balancer, { ...timeOf(clock), ...options })(transport);
  const batch = seeded(5).traces({ items: 240 });
  const received = (): readonly Batch[] => transport.opened.flatMap((one) => one.sender.batches);
  return { clock, registry, transport, sender, batch, received };
}

const idsOf = (batches: readonly Batch[]): string[] =>
  batches.flatMap(({ signal, body }) => itemIds(signal, body)).toSorted();

/** The hosts that hold spans of each trace. */
function hostsOfTraces({ opened }: ReturnType<typeof fakeTransport>): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { host, sender } of opened) {
    for (const batch of sender.batches) {
      for (const trace of splitByKey(batch, traceIdKey).keys()) {
        found.set(trace, (found.get(trace) ?? new Set()).add(host));
      }
    }
  }
  return found;
}

describe("a route by key", () => {
  it("cuts a request by endpoint, not by trace, and keeps traces whole", async () => {
    const { sender, transport, batch, received } = bench();
    expect(await sender.send(batch, {})).toEqual(accepted);
    expect(received()).toHaveLength(4);
    expect(idsOf(received())).toEqual(idsOf([batch]));
    const traces = hostsOfTraces(transport);
    expect(traces.size).toBe(30);
    for (const where of traces.values()) expect(where.size).toBe(1);
    await sender.close();
  });

  it("sums up partial successes", async () => {
    const { sender, transport, batch } = bench();
    const some: Ack = { rejectedItems: 2, message: "too old" };
    transport.script("a", some);
    transport.script("b", { rejectedItems: 3, message: "too new" });
    transport.script("c", some);
    const { rejectedItems, message } = await sender.send(batch, {});
    expect([rejectedItems, ...message.split("; ").toSorted()]).toEqual([7, "too new", "too old"]);
    await sender.close();
  });

  it("sends the part of one that fails to others, and that part only", async () => {
    const { sender, transport, batch, received } = bench();
    transport.script("b", gone);
    expect(await sender.send(batch, {})).toEqual(accepted);
    const delivered = transport.opened.filter(({ host }) => host !== "b").flatMap((one) => one.sender.batches);
    expect(idsOf(delivered)).toEqual(idsOf([batch]));
    expect(received().length).toBeLessThanOrEqual(4 + 3);
    for (const where of hostsOfTraces(transport).values())
      expect([...where].filter((host) => host !== "b").length).toBe(1);
    await sender.close();
  });

  it("tells what is missing, and sends only that when the batch comes again", async () => {
    const { sender, transport, batch } = bench({ maxAttempts: 1 });
    transport.script("b", gone);
    transport.script("c", { rejectedItems: 1, message: "one too old" });
    const error = await sender.send(batch, {}).catch((thrown: ExportError) => thrown);
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect((error as ExportError).message).toMatch(/^\d+ of 240 spans were not delivered: not there/);
    const before = hosts.map((host) => transport.count(host));

    transport.script("b", accepted);
    expect(await sender.send(batch, {})).toEqual({ rejectedItems: 1, message: "one too old" });
    const after = hosts.map((host) => transport.count(host));
    expect(after.map((count, index) => count - (before[index] as number))).toEqual([0, 1, 0, 0]);

    // It was answered, so the same batch once more is another one.
    await sender.send(batch, {});
    expect(transport.count("a")).toBe(2);
    await sender.close();
  });

  it("remembers nothing of a batch of which nothing was delivered", async () => {
    const { sender, transport, batch, received } = bench({ maxAttempts: 1 });
    for (const host of hosts) transport.script(host, gone);
    const error = await sender.send(batch, {}).catch((thrown: ExportError) => thrown);
    expect(error).toBe(gone);
    for (const host of hosts) transport.script(host, accepted);
    expect(await sender.send(batch, {})).toEqual(accepted);
    expect(received()).toHaveLength(8);
    await sender.close();
  });

  it("counts a part that was refused for good as rejected, once something was taken", async () => {
    const { sender, transport, batch } = bench();
    transport.script("b", new ExportError("invalid", "no good"));
    const ack = await sender.send(batch, {});
    const part = transport.to("b").batches[0]?.items ?? 0;
    expect(part).toBeGreaterThan(0);
    expect(ack).toEqual({ rejectedItems: part, message: "no good" });
    await sender.close();
  });

  it("fails for good when every part was refused for good", async () => {
    const { sender, transport, batch } = bench();
    for (const host of hosts) transport.script(host, new ExportError("forbidden", "not you"));
    await expect(sender.send(batch, {})).rejects.toMatchObject({ code: "forbidden", retryable: false });
    await sender.close();
  });

  it("moves only what must move when endpoints come and go", async () => {
    const { sender, transport, registry, clock, batch } = bench();
    await sender.send(batch, {});
    const before = hostsOfTraces(transport);
    registry.say("a", "b", "c");
    await clock.advance(0);
    await sender.send(batch, {});
    for (const [trace, where] of hostsOfTraces(transport)) {
      const was = before.get(trace) ?? new Set();
      expect([...where].filter((host) => !was.has(host)).length).toBe(was.has("d") ? 1 : 0);
    }
    await sender.close();
  });

  it("loses nothing that was acknowledged while all of them flap", async () => {
    const { sender, transport, clock } = bench({ outlierDetection: false, circuitBreaker: false });
    const data = seeded(11);
    const books = ledger();
    for (const host of hosts) {
      transport.script(host, (batch) => {
        const chance = data.random();
        if (chance < 0.4) throw chance < 0.2 ? gone : new ExportError("unavailable", "broke");
        books.received(batch);
        if (chance < 0.5) throw new ExportError("timeout", "taken, and not answered");
        return accepted;
      });
    }
    for (let turn = 0; turn < 40; turn++) {
      const batch = data.traces({ items: 40 });
      books.sent(batch);
      for (;;) {
        try {
          books.acknowledged(batch, await sender.send(batch, {}));
          break;
        } catch (error) {
          expect(error).toMatchObject({ retryable: true });
          await clock.advance(100);
        }
      }
    }
    const { missing, lost, sent, received } = books.report();
    expect({ missing, lost, sent, received }).toEqual({ missing: [], lost: [], sent: 1600, received: 1600 });
    await sender.close();
  });

  it("is sent only what is missing by retry in front", async () => {
    const { sender, transport, clock, batch } = bench({ maxAttempts: 1 });
    transport.script("b", gone, gone, accepted);
    const sent = pipe(retry({ ...timeOf(clock), random: () => 0.5 }), sender).send(batch, {});
    await clock.advance(10_000);
    expect(await sent).toEqual(accepted);
    expect(hosts.map((host) => transport.count(host))).toEqual([1, 3, 1, 1]);
    await sender.close();
  });

  it("compresses between the route and the transport", async () => {
    const transport = fakeTransport();
    const compressing: Transport = {
      name: "fake, compressed",
      connect: (endpoint) => pipe(compress(gzip()), transport.connect(endpoint)),
    };
    const sender = route(fakeRegistry(...hosts), consistentHash())(compressing);
    await sender.send(seeded(5).traces({ items: 240 }), {});
    const batches = transport.opened.flatMap((one) => one.sender.batches);
    expect(batches.map(({ encoding }) => encoding)).toEqual(hosts.map(() => "gzip"));
    await sender.close();
  });

  it("cannot look into what is compressed, and says where to compress", async () => {
    const { sender, batch } = bench();
    await expect(sender.send({ ...batch, encoding: "gzip" }, {})).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("route them before they are compressed") as string,
    });
    await sender.close();
  });

  it("takes batches without items whole", async () => {
    const { sender, received, batch } = bench();
    expect(await sender.send({ ...batch, body: new Uint8Array(), items: 0 }, {})).toEqual(accepted);
    expect(received()).toHaveLength(1);
    await sender.close();
  });

  it("sends a batch whole to whom its header or tenant belongs, compressed or not", async () => {
    for (const [balancer, mark] of [
      [consistentHash({ key: byHeader("X-Scope-OrgID") }), (name: string) => ({ headers: { "x-scope-orgid": name } })],
      [consistentHash({ key: byTenant() }), (name: string) => ({ tenant: name })],
    ] as const) {
      const { sender, transport, batch } = bench({}, balancer);
      for (let turn = 0; turn < 3; turn++) {
        for (let tenant = 0; tenant < 40; tenant++) {
          await sender.send({ ...batch, encoding: "gzip", ...mark(`tenant ${tenant}`) }, {});
        }
      }
      const counts = hosts.map((host) => transport.count(host));
      for (const count of counts) {
        expect(count % 3).toBe(0);
        expect(count).toBeGreaterThan(9);
      }
      await sender.close();
    }
  });
});

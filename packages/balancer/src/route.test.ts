import { accepted, type Endpoint, ExportError, type SendOptions, type Transport } from "@otlpkit/core";
import { fakeClock, type Reply, seeded, senderCases } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { fakeRegistry } from "../test/fake-registry.ts";
import { fakeTransport, timeOf } from "../test/fake-transport.ts";
import { roundRobin, route, type RouteEvent, type RouteOptions } from "./index.ts";

const unavailable = (details = {}): ExportError => new ExportError("unavailable", "it is not there", details);
const refused = (): ExportError =>
  unavailable({ cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });

function bench(options: RouteOptions = {}, ...endpoints: readonly (string | Endpoint)[]) {
  const clock = fakeClock();
  const registry = fakeRegistry(...endpoints);
  const transport = fakeTransport(clock);
  const events: RouteEvent[] = [];
  const onEvent = (event: RouteEvent): void => void events.push(event);
  const random = (): number => 0;
  const sender = route(registry, roundRobin({ random }), { ...timeOf(clock), random, onEvent, ...options })(transport);
  const data = seeded(1);
  const send = (sendOptions: SendOptions = {}) => sender.send(data.traces({ items: 5 }), sendOptions);
  const kinds = (): string[] => events.map(({ kind }) => kind);
  return { clock, registry, transport, events, kinds, sender, send, data };
}

describe("route: a sender", () => {
  senderCases({ it }, async () => {
    const transport = fakeTransport();
    const sender = route(fakeRegistry("a", "b"), roundRobin())(transport);
    let release = (): void => {};
    const script = (reply: Reply): void => {
      for (const host of ["a", "b"]) transport.script(host, reply);
    };
    const arrivals = (): number => transport.count("a") + transport.count("b");
    return {
      sender,
      hold() {
        const held = new Promise<void>((resolve) => (release = resolve));
        script(() => held.then(() => accepted));
      },
      release() {
        release();
        script(accepted);
      },
      async arrived(count) {
        while (arrivals() < count) await new Promise((resolve) => setTimeout(resolve, 1));
      },
      dispose: async () => {},
    };
  });
});

describe("route", () => {
  it("sends to those whom the registry names, as the balancer chooses", async () => {
    const { send, transport, sender } = bench({}, "a", "b", "c");
    for (let turn = 0; turn < 6; turn++) await send();
    expect(["a", "b", "c"].map((host) => transport.count(host))).toEqual([2, 2, 2]);
    await sender.close();
  });

  it("waits for the first list, and no longer than the deadline", async () => {
    const { send, clock, registry, transport, sender } = bench();
    const late = send({ deadline: 500 }).catch((error: ExportError) => error);
    const patient = send({ deadline: 5_000 });
    await clock.advance(600);
    expect(await late).toMatchObject({ code: "timeout", retryable: true });
    registry.say("a");
    await clock.advance(0);
    expect(await patient).toEqual(accepted);
    expect(transport.count("a")).toBe(1);
    await sender.close();
  });

  it("says that the registry is silent when there is no deadline", async () => {
    const { send, clock, sender } = bench();
    const late = send().catch((error: ExportError) => error);
    await clock.advance(10_000);
    expect(await late).toMatchObject({
      code: "unavailable",
      retryable: true,
      message: "cannot deliver 5 spans: fake has not said yet which endpoints there are; can it be reached?",
    });
    await sender.close();
  });

  it("is unavailable when the list is empty, and says so", async () => {
    const { send, registry, clock, sender } = bench({}, "a");
    await send();
    registry.say();
    await clock.advance(0);
    await expect(send()).rejects.toThrow(
      "cannot deliver 5 spans: there is no endpoint; fake says that the list is empty",
    );
    await sender.close();
  });

  it("goes on with the last list when the registry fails, and watches anew", async () => {
    const { send, registry, clock, kinds, sender, transport } = bench({}, "a");
    await send();
    registry.fail(new Error("gone"));
    await clock.advance(0);
    await send();
    expect(kinds()).toContain("registry-failed");
    expect(registry.watches).toBe(0);
    await clock.advance(1_000);
    expect(registry.watches).toBe(1);
    registry.say("b");
    await clock.advance(0);
    await send();
    expect([transport.count("a"), transport.count("b")]).toEqual([2, 1]);
    await sender.close();
    expect(registry.watches).toBe(0);
  });

  it("tries another endpoint when one fails for a time", async () => {
    const { send, transport, sender, events } = bench({}, "a", "b");
    transport.script("a", refused());
    expect(await send()).toEqual(accepted);
    expect([transport.count("a"), transport.count("b")]).toEqual([1, 1]);
    expect(events.filter(({ kind }) => kind === "failed")).toMatchObject([
      { endpoint: "a", goesOn: true, mayHaveArrived: false, batch: { items: 5 } },
    ]);
    await sender.close();
  });

  it("does not when the batch was refused for good", async () => {
    const { send, transport, sender } = bench({}, "a", "b");
    transport.script("a", new ExportError("invalid", "no good"));
    await expect(send()).rejects.toMatchObject({ code: "invalid", message: "no good" });
    expect(transport.count("b")).toBe(0);
    await sender.close();
  });

  it("tries no more than maxAttempts, and says where it was", async () => {
    const { send, transport, sender } = bench({}, "a", "b", "c", "d");
    for (const host of ["a", "b", "c", "d"]) transport.script(host, refused());
    await expect(send()).rejects.toMatchObject({
      code: "unavailable",
      message: "it is not there; tried a, b, c",
      retryable: true,
    });
    await sender.close();
  });

  it("repeats what may have arrived no more than maxRepeats times", async () => {
    const { send, transport, sender, events } = bench({}, "a", "b", "c", "d");
    for (const host of ["a", "b", "c", "d"]) transport.script(host, unavailable());
    await expect(send()).rejects.toThrow("tried a, b");
    expect(transport.count("c")).toBe(0);
    expect(events.filter(({ kind }) => kind === "failed")).toMatchObject([
      { endpoint: "a", goesOn: true, mayHaveArrived: true },
      { endpoint: "b", goesOn: false, mayHaveArrived: true },
    ]);
    await sender.close();
  });

  it("gives one who says nothing only its time, and goes on", async () => {
    const { send, transport, clock, sender } = bench({ attemptTimeoutMs: 1_000 }, "a", "b");
    transport.script("a", "hang");
    const sent = send({ deadline: 10_000 });
    await clock.advance(1_000);
    expect(await sent).toEqual(accepted);
    expect(transport.count("b")).toBe(1);
    await sender.close();
  });

  it("tries nobody else when the deadline has passed", async () => {
    const { send, transport, clock, sender } = bench({}, "a", "b");
    transport.script("a", "hang");
    const sent = send({ deadline: 1_000 }).catch((error: ExportError) => error);
    await clock.advance(1_000);
    expect(await sent).toMatchObject({ code: "timeout" });
    expect(transport.count("b")).toBe(0);
    await sender.close();
  });

  it("leaves alone for so long who asks for it", async () => {
    const { send, transport, clock, sender, events } = bench({}, "a", "b");
    transport.script("a", new ExportError("overloaded", "later", { retryAfterMs: 5_000 }));
    await send();
    for (let turn = 0; turn < 3; turn++) await send();
    expect([transport.count("a"), transport.count("b")]).toEqual([1, 4]);
    expect(events.filter(({ kind }) => kind === "held")).toEqual([{ kind: "held", endpoint: "a", forMs: 5_000 }]);
    transport.script("a", accepted);
    await clock.advance(5_000);
    await send();
    await send();
    expect(transport.count("a")).toBe(2);
    await sender.close();
  });

  it("hands on how long to wait only when everyone asks for it", async () => {
    const { send, transport, clock, sender } = bench({}, "a", "b");
    for (const host of ["a", "b"]) {
      transport.script(host, new ExportError("overloaded", "later", { retryAfterMs: host === "a" ? 5_000 : 3_000 }));
    }
    await expect(send()).rejects.toMatchObject({ code: "overloaded", retryAfterMs: 3_000 });
    await clock.advance(1_000);
    await expect(send()).rejects.toMatchObject({ code: "overloaded", retryAfterMs: 2_000 });
    expect([transport.count("a"), transport.count("b")]).toEqual([1, 1]);
    await sender.close();
  });

  it("lets removed endpoints finish, then closes their connections", async () => {
    const { send, transport, registry, clock, sender } = bench({}, "a", "b");
    let answer = (): void => {};
    transport.script("a", () => new Promise((resolve) => (answer = () => resolve(accepted))));
    const sent = send();
    await clock.advance(0);
    registry.say("b");
    await clock.advance(0);
    expect(transport.to("a").closed).toBe(false);
    await send();
    expect(transport.count("b")).toBe(1);
    answer();
    expect(await sent).toEqual(accepted);
    await clock.advance(0);
    expect(transport.to("a").closed).toBe(true);
    await sender.close();
    expect(transport.to("b").closed).toBe(true);
  });

  it("follows an endpoint that moves, and knows it by its id", async () => {
    const { send, transport, registry, clock, sender } = bench({}, "a");
    await send();
    registry.say({ id: "a", url: "http://elsewhere:4317" });
    await clock.advance(0);
    expect(sender.endpoints()).toMatchObject([{ id: "a", url: "http://elsewhere:4317", state: "ready", latencyMs: 0 }]);
    await send();
    expect([transport.count("a"), transport.count("elsewhere")]).toEqual([1, 1]);
    expect(transport.to("a").closed).toBe(true);
    await sender.close();
  });

  it("sends nothing new to draining endpoints while there are others", async () => {
    const { send, transport, registry, clock, sender } = bench({}, "a", "b");
    registry.say({ id: "a", url: "http://a:4317", draining: true }, "b");
    await clock.advance(0);
    for (let turn = 0; turn < 4; turn++) await send();
    expect([transport.count("a"), transport.count("b")]).toEqual([0, 4]);
    registry.say({ id: "a", url: "http://a:4317", draining: true });
    await clock.advance(0);
    await send();
    expect(transport.count("a")).toBe(1);
    await sender.close();
  });

  it("sends nothing to what weighs nothing while there are others", async () => {
    const { send, transport, sender } = bench({}, { id: "a", url: "http://a:4317", weight: 0 }, "b");
    for (let turn = 0; turn < 4; turn++) await send();
    expect([transport.count("a"), transport.count("b")]).toEqual([0, 4]);
    await sender.close();
  });

  it("goes to another endpoint when a connection cannot even be made", async () => {
    const transport = fakeTransport();
    const picky: Transport = {
      name: "picky",
      connect(endpoint) {
        if (endpoint.url.includes("//a:")) throw new ExportError("unsupported", "no such scheme");
        return transport.connect(endpoint);
      },
    };
    const sender = route(fakeRegistry("a", "b"), roundRobin({ random: () => 0 }))(picky);
    expect(await sender.send(seeded(1).traces({ items: 1 }), {})).toEqual(accepted);
    await sender.close();
  });

  it("leaves no timer behind", async () => {
    const { send, clock, sender } = bench({ pool: { maxAgeMs: 1_000 } }, "a", "b");
    await send({ deadline: 1_000 });
    await sender.close();
    expect(clock.pending).toBe(0);
  });
});

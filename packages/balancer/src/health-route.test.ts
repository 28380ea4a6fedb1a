import { accepted, ExportError } from "@otlpkit/core";
import { fakeClock, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { fakeRegistry } from "../test/fake-registry.ts";
import { fakeTransport, timeOf } from "../test/fake-transport.ts";
import { type HealthCheck, route, type RouteEvent, type RouteOptions, weightedRoundRobin } from "./index.ts";

const gone = new ExportError("unavailable", "not there", { grpcStatus: 14 });
const broken = new ExportError("rejected", "broken", { grpcStatus: 13 });

function bench(options: RouteOptions = {}, hosts: readonly string[] = ["a", "b", "c", "d"]) {
  const clock = fakeClock();
  const registry = fakeRegistry(...hosts);
  const transport = fakeTransport(clock);
  const events: RouteEvent[] = [];
  const sender = route(registry, weightedRoundRobin(), {
    ...timeOf(clock),
    random: () => 0,
    onEvent: (event) => void events.push(event),
    slowStart: { windowMs: 0 },
    circuitBreaker: false,
    ...options,
  })(transport);
  const batch = seeded(1).traces({ items: 1 });
  const send = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) await sender.send({ ...batch }, {}).catch(() => undefined);
  };
  const countsOf = async (times: number): Promise<number[]> => {
    const before = hosts.map((host) => transport.count(host));
    await send(times);
    return hosts.map((host, index) => transport.count(host) - (before[index] as number));
  };
  const of = (kind: RouteEvent["kind"]): RouteEvent[] => events.filter((event) => event.kind === kind);
  const states = (): readonly string[] => sender.endpoints().map(({ state }) => state);
  return { clock, registry, transport, events, of, sender, send, countsOf, states };
}

describe("a route and the health of endpoints", () => {
  it("leaves out who failed five times in a row, and takes it back after half a minute", async () => {
    const { transport, clock, countsOf, of, sender, states } = bench();
    transport.script("b", gone);
    await countsOf(20);
    expect(of("ejected")).toEqual([{ kind: "ejected", endpoint: "b", reason: "consecutive failures", forMs: 30_000 }]);
    expect(states()).toEqual(["ready", "ejected", "ready", "ready"]);
    expect(await countsOf(30)).toEqual([10, 0, 10, 10]);
    transport.script("b", accepted);
    await clock.advance(30_000);
    expect(await countsOf(40)).toEqual([10, 10, 10, 10]);
    expect(of("restored")).toEqual([{ kind: "restored", endpoint: "b" }]);
    await sender.close();
  });

  it("counts errors of the server, and not those of the data or credentials", async () => {
    for (const [error, isEjected] of [
      [broken, true],
      [new ExportError("timeout", "late"), true],
      [new ExportError("bad-response", "garbage"), true],
      [new ExportError("invalid", "no good"), false],
      [new ExportError("unauthenticated", "who?"), false],
      [new ExportError("forbidden", "not you"), false],
      [new ExportError("too-large", "too large"), false],
      [new ExportError("overloaded", "too much"), false],
      [new ExportError("rejected", "FAILED_PRECONDITION", { grpcStatus: 9 }), false],
    ] as const) {
      const { transport, send, of, sender } = bench();
      transport.script("b", error);
      await send(40);
      expect([error.code, of("ejected").length]).toEqual([error.code, isEjected ? 1 : 0]);
      await sender.close();
    }
  });

  it("uses all when fewer than half are fit, and still goes on to those who are", async () => {
    const { transport, countsOf, of, sender } = bench({ outlierDetection: { maxEjectionPercent: 100 } });
    for (const host of ["a", "b", "c"]) transport.script(host, gone);
    await countsOf(60);
    expect(of("ejected")).toHaveLength(3);
    expect(of("panic")).toEqual([{ kind: "panic", isPanic: true, fit: 1, known: 4 }]);
    const counts = await countsOf(40);
    expect(counts.slice(0, 3)).toEqual([10, 10, 10]);
    // Its own turn, and all that the others could not take.
    expect(counts[3]).toBe(40);
    await sender.close();
  });

  it("fails rather than panic when told so, and says how everyone is", async () => {
    const { transport, send, sender } = bench({ outlierDetection: { maxEjectionPercent: 100 }, panicThreshold: 0 }, [
      "a",
    ]);
    transport.script("a", gone);
    await send(5);
    await expect(sender.send(seeded(1).traces({ items: 3 }), {})).rejects.toThrow(
      "cannot deliver 3 spans: none of the 1 endpoint of fake is fit (a ejected)",
    );
    await sender.close();
  });

  it("never leaves the only endpoint alone", async () => {
    const { transport, countsOf, sender } = bench({}, ["a"]);
    transport.script("a", gone);
    expect(await countsOf(20)).toEqual([20]);
    await sender.close();
  });

  it("opens the breaker of who fails half of the time, probes it, and closes it", async () => {
    const { transport, clock, countsOf, of, sender, states } = bench({ circuitBreaker: { jitter: 0 } });
    let n = 0;
    transport.script("b", () => {
      if (n++ % 2 === 0) throw gone;
      return accepted;
    });
    await countsOf(80);
    expect(of("breaker")).toEqual([{ kind: "breaker", endpoint: "b", state: "open" }]);
    expect(states()[1]).toBe("open");
    expect(await countsOf(30)).toEqual([10, 0, 10, 10]);
    transport.script("b", accepted);
    await clock.advance(5_000);
    expect((await countsOf(40))[1]).toBeGreaterThanOrEqual(3);
    expect(of("breaker").at(-1)).toEqual({ kind: "breaker", endpoint: "b", state: "closed" });
    expect(states()[1]).toBe("ready");
    await sender.close();
  });

  it("lets who is back, and who is new, come to its share step by step", async () => {
    const { registry, clock, countsOf, sender, states } = bench({ slowStart: { windowMs: 20_000 } }, ["a", "b", "c"]);
    registry.say("a", "b");
    await clock.advance(0);
    expect(await countsOf(20)).toEqual([10, 10, 0]);
    registry.say("a", "b", "c");
    await clock.advance(0);
    expect(states()).toEqual(["ready", "ready", "starting"]);
    const shares: number[] = [];
    for (let step = 0; step <= 4; step++) {
      const [a = 0, b = 0, c = 0] = await countsOf(210);
      shares.push(c / ((a + b) / 2));
      await clock.advance(5_000);
    }
    // Envoy's curve: a tenth at first, then as time goes on.
    for (const [step, expected] of [0.1, 0.25, 0.5, 0.75, 1].entries()) {
      expect(Math.abs((shares[step] as number) - expected)).toBeLessThan(0.06);
    }
    await sender.close();
  });

  it("asks endpoints how they are, takes out who is down and takes back who is up", async () => {
    const down = new Set<string>();
    const asked: string[] = [];
    const check: HealthCheck = {
      name: "fake",
      async check({ id = "" }) {
        asked.push(id);
        if (down.has(id)) throw new Error("no answer");
      },
    };
    const { clock, countsOf, of, sender, states, registry } = bench({
      healthCheck: { check, intervalMs: 1_000, jitter: 0 },
    });
    await clock.advance(1_000);
    expect(asked.toSorted().slice(0, 2)).toEqual(["a", "a"]);
    down.add("b");
    await clock.advance(2_000);
    expect(states()[1]).toBe("ready");
    await clock.advance(1_000);
    expect(of("down")).toMatchObject([{ endpoint: "b", error: { message: "no answer" } }]);
    expect(await countsOf(30)).toEqual([10, 0, 10, 10]);
    down.delete("b");
    await clock.advance(2_000);
    expect(of("restored")).toEqual([{ kind: "restored", endpoint: "b" }]);
    expect(await countsOf(40)).toEqual([10, 10, 10, 10]);
    registry.say("a");
    await clock.advance(0);
    asked.length = 0;
    await clock.advance(1_000);
    expect(asked).toEqual(["a"]);
    await sender.close();
    await clock.advance(10_000);
    expect(asked).toEqual(["a"]);
    expect(clock.pending).toBe(0);
  });

  it("takes back before its time who was ejected and gives good answers to checks", async () => {
    const down = new Set(["b"]);
    const check: HealthCheck = {
      name: "fake",
      async check({ id = "" }) {
        if (down.has(id)) throw new Error("no answer");
      },
    };
    const { transport, clock, send, of, sender, states } = bench({
      healthCheck: { check, intervalMs: 1_000, jitter: 0, fall: 100 },
    });
    transport.script("b", gone);
    await send(20);
    await clock.advance(5_000);
    expect(states()[1]).toBe("ejected");
    down.clear();
    await clock.advance(2_000);
    expect(states()[1]).toBe("ready");
    expect(of("restored")).toEqual([{ kind: "restored", endpoint: "b" }]);
    await sender.close();
  });

  it("takes a check that never answers for a bad answer, and ends it", async () => {
    const signals: AbortSignal[] = [];
    const check: HealthCheck = {
      name: "silent",
      check(_, signal) {
        signals.push(signal);
        return new Promise(() => {});
      },
    };
    const { clock, of, sender } = bench(
      { healthCheck: { check, intervalMs: 1_000, timeoutMs: 500, fall: 2, jitter: 0 } },
      ["a"],
    );
    await clock.advance(3_000);
    expect(of("down")).toMatchObject([{ error: { message: "no answer to silent within 500 ms" } }]);
    await sender.close();
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
  });

  it("refuses options that make no sense", () => {
    for (const options of [
      { maxAttempts: 0 },
      { maxRepeats: -1 },
      { panicThreshold: Number.NaN },
      { slowStart: { minWeight: 0 } },
      { pool: { maxConnections: 0 } },
      { pool: { maxPending: -1 } },
      { healthCheck: { check: { name: "x", check: async () => {} }, rise: 0 } },
      { outlierDetection: { intervalMs: -1 } },
    ] satisfies RouteOptions[]) {
      expect(() => route(fakeRegistry(), weightedRoundRobin(), options)).toThrow(RangeError);
    }
  });
});

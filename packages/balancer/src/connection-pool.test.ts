import type { ExportError } from "@otlpkit/core";
import { fakeClock, recordingSender, type RecordingSender, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { timeOf } from "../test/fake-transport.ts";
import { connectionPool, poolOptions, type PoolOptions } from "./connection-pool.ts";

function bench(options: PoolOptions = {}) {
  const clock = fakeClock();
  const opened: RecordingSender[] = [];
  const means = { ...timeOf(clock), random: () => 0.5 };
  const connect = (): RecordingSender => {
    const sender = recordingSender(timeOf(clock));
    sender.script("hang");
    opened.push(sender);
    return sender;
  };
  const pool = connectionPool(connect, "a", poolOptions(options), means);
  const batch = seeded(1).traces({ items: 1 });
  /** What is held is answered when a deadline passes; so long each takes. */
  const send = (tookMs = 1_000) =>
    pool.send(batch, { deadline: clock.now() + tookMs }).then(
      () => "answered",
      ({ code }: ExportError) => code,
    );
  return { clock, opened, pool, send, batch };
}

describe("connectionPool", () => {
  it("opens nothing before the first send, and one connection then", async () => {
    const { opened, send, pool, clock } = bench();
    expect(opened).toHaveLength(0);
    const sends = [send(), send(), send()];
    await clock.advance(1_000);
    await Promise.all(sends);
    expect(opened).toHaveLength(1);
    expect(opened[0]?.maxUnderWay).toBe(3);
    await pool.close();
  });

  it("opens another when all have enough to do, up to the limit, and goes to the least busy", async () => {
    const { opened, send, pool, clock } = bench({ maxConnections: 2, requestsPerConnection: 2 });
    const sends = Array.from({ length: 6 }, () => send());
    await clock.advance(0);
    expect(opened.map(({ underWay }) => underWay)).toEqual([3, 3]);
    await clock.advance(1_000);
    await Promise.all(sends);
    await pool.close();
  });

  it("lets so many in at a time, the others in the order in which they came", async () => {
    const { opened, pool, clock, batch } = bench({ maxInFlight: 2 });
    const sends = Array.from({ length: 5 }, (_, n) =>
      pool.send({ ...batch, items: n }, { deadline: 10_000 + n }).catch(() => undefined),
    );
    await clock.advance(0);
    expect(opened[0]?.underWay).toBe(2);
    await clock.advance(20_000);
    await Promise.all(sends);
    expect(opened[0]?.maxUnderWay).toBe(2);
    expect(opened[0]?.batches.map(({ items }) => items)).toEqual([0, 1, 2, 3, 4]);
    await pool.close();
  });

  it("refuses when too many wait, so that another endpoint is tried", async () => {
    const { send, pool, clock, opened } = bench({ maxInFlight: 1, maxPending: 1 });
    const sends = [send(), send(3_000)];
    expect(await send()).toBe("overloaded");
    await clock.advance(5_000);
    expect(await Promise.all(sends)).toEqual(["timeout", "timeout"]);
    expect(opened[0]?.batches).toHaveLength(2);
    await pool.close();
  });

  it("gives up the turn of one whose time is over or who wants it no more", async () => {
    const { send, pool, clock, batch } = bench({ maxInFlight: 1 });
    const controller = new AbortController();
    const first = send(5_000);
    const late = send(1_000);
    const aborted = pool.send(batch, { signal: controller.signal }).catch(({ code }: ExportError) => code);
    await clock.advance(1_000);
    // Nothing was sent, so it is no timeout of the endpoint.
    expect(await late).toBe("overloaded");
    controller.abort();
    expect(await aborted).toBe("cancelled");
    await clock.advance(5_000);
    expect(await first).toBe("timeout");
    await pool.close();
    expect(clock.pending).toBe(0);
  });

  it("closes a connection that has had nothing to do for long, and opens one when it is needed", async () => {
    const { opened, send, pool, clock } = bench({ idleTimeoutMs: 10_000 });
    const first = send();
    await clock.advance(1_000);
    await first;
    await clock.advance(9_999);
    expect(pool.connections).toBe(1);
    await clock.advance(1);
    expect([pool.connections, opened[0]?.closed]).toEqual([0, true]);
    const second = send();
    await clock.advance(1_000);
    await second;
    expect(opened).toHaveLength(2);
    await pool.close();
  });

  it("replaces a connection that is old: the new one first, then the old one when it has finished", async () => {
    const { opened, send, pool, clock } = bench({ maxAgeMs: 10_000 });
    const long = send(20_000);
    await clock.advance(10_000);
    const after = send(1_000);
    await clock.advance(0);
    expect(opened.map(({ underWay, closes }) => [underWay, closes])).toEqual([
      [1, 0],
      [1, 0],
    ]);
    await clock.advance(10_000);
    await Promise.all([long, after]);
    await clock.advance(0);
    expect(opened[0]?.closed).toBe(true);
    expect(pool.connections).toBe(1);
    await pool.close();
  });

  it("opens a connection before it is needed by a request without items", async () => {
    const { opened, pool, clock } = bench({ warmUp: "logs" });
    pool.warmUp();
    pool.warmUp();
    await clock.advance(0);
    expect(opened).toHaveLength(1);
    expect(opened[0]?.batches).toMatchObject([{ signal: "logs", items: 0 }]);
    await clock.advance(10_000);
    await pool.close();
  });

  it("waits at close for what is under way and what waits, then refuses", async () => {
    const { opened, send, pool, clock } = bench({ maxInFlight: 1 });
    const sends = [send(1_000), send(2_000)];
    await clock.advance(0);
    const closing = pool.close();
    await clock.advance(1_000);
    expect(opened[0]?.closes).toBe(0);
    await clock.advance(2_000);
    await closing;
    expect(await Promise.all(sends)).toEqual(["timeout", "timeout"]);
    expect(opened[0]?.closed).toBe(true);
    expect(await send()).toBe("closed");
  });
});

import { accepted, ExportError } from "@otlpkit/core";
import { fakeClock, recordingSender, seeded } from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batch, bufferPool } from "./index.ts";

const kibibyte = 1024;

describe("bufferPool", () => {
  it("gives the same memory again", () => {
    const pool = bufferPool();
    const first = pool.take(100 * kibibyte);
    pool.give(first);
    const again = pool.take(120 * kibibyte);
    expect(again.buffer).toBe(first.buffer);
    expect(again.byteLength).toBe(120 * kibibyte);
    expect(pool.figures()).toEqual({
      heldBytes: 0,
      usedBytes: 128 * kibibyte,
      highWaterBytes: 128 * kibibyte,
      hits: 1,
      misses: 1,
    });
  });

  it("takes back only what it gave, and once", () => {
    const pool = bufferPool();
    const memory = pool.take(64 * kibibyte);
    pool.give(new Uint8Array(64 * kibibyte));
    pool.give(memory);
    pool.give(memory);
    expect(pool.figures()).toMatchObject({ heldBytes: 64 * kibibyte, usedBytes: 0 });
  });

  it("keeps neither the small nor the large, and no more than it may", () => {
    const pool = bufferPool({ maxHeldBytes: 256 * kibibyte, maxBufferBytes: 128 * kibibyte });
    for (const taken of [1, 200, 128, 128, 128].map((size) => pool.take(size * kibibyte))) pool.give(taken);
    expect(pool.figures()).toMatchObject({ heldBytes: 256 * kibibyte, usedBytes: 0, misses: 5 });
  });

  it("never gives out the same memory twice at a time, and keeps its books", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(300)), { maxLength: 60 }), (steps) => {
        const pool = bufferPool({ maxHeldBytes: 512 * kibibyte });
        const out: Uint8Array[] = [];
        for (const [take, size] of steps) {
          if (take) out.push(pool.take(size * kibibyte));
          else if (out.length > 0) pool.give(out.splice(size % out.length, 1)[0] as Uint8Array);
          expect(new Set(out.map(({ buffer }) => buffer)).size).toBe(out.length);
          const { heldBytes, usedBytes, highWaterBytes } = pool.figures();
          expect(usedBytes).toBe(out.reduce((sum, { buffer }) => sum + buffer.byteLength, 0));
          expect(heldBytes).toBeLessThanOrEqual(512 * kibibyte);
          expect(highWaterBytes).toBeGreaterThanOrEqual(usedBytes);
        }
      }),
    );
  });

  it("says which bound is wrong", () => {
    expect(() => bufferPool({ maxHeldBytes: -1 })).toThrow("bufferPool: maxHeldBytes must be 0 or more, not -1");
  });
});

describe("a batcher with a pool", () => {
  it("merges into memory of the pool, and gives it back once the request is accepted", async () => {
    const pool = bufferPool();
    const clock = fakeClock();
    const next = recordingSender(clock);
    const sender = batch({ ...clock, maxAgeMs: 10, pool })(next);
    const telemetry = seeded(1);
    for (let round = 0; round < 3; round++) {
      const sends = [100, 100].map((items) => sender.send(telemetry.traces({ items }), {}));
      await clock.advance(10);
      await Promise.all(sends);
    }
    expect(pool.figures()).toMatchObject({ usedBytes: 0, hits: 2, misses: 1 });
    await sender.close();
  });

  it("lets go of memory that may still be on its way after an error", async () => {
    const pool = bufferPool();
    const clock = fakeClock();
    const next = recordingSender(clock);
    next.script(new ExportError("timeout", "no answer"), accepted);
    const sender = batch({ ...clock, maxAgeMs: 10, pool })(next);
    const sends = [100, 100].map((items) => sender.send(seeded(1).traces({ items }), {}).catch(() => undefined));
    await clock.advance(10);
    await Promise.all(sends);
    expect(pool.figures()).toMatchObject({ heldBytes: 0, usedBytes: 0, misses: 1 });
    await sender.close();
  });
});

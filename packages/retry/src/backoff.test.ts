import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoff, type BackoffOptions } from "./backoff.ts";

const half = (): number => 0.5;

function waits(options: BackoffOptions, asked: readonly number[]): number[] {
  const next = backoff(options)();
  return asked.map((retryAfterMs) => next(retryAfterMs));
}

describe("backoff", () => {
  it("grows by the multiplier up to the cap (F-01)", () => {
    const options = { initialDelayMs: 100, multiplier: 2, maxDelayMs: 500, random: half };
    expect(waits(options, [0, 0, 0, 0, 0])).toEqual([100, 200, 400, 500, 500]);
  });

  it("starts at one second and stays below 45 with the defaults", () => {
    expect(waits({ random: half }, [0, 0, 0])).toEqual([1000, 1500, 2250]);
    expect(waits({ random: () => 0.999999 }, Array<number>(30).fill(0)).at(-1)).toBeCloseTo(45_000, 0);
  });

  it("spreads each wait on both sides", () => {
    expect(waits({ random: () => 0 }, [0])).toEqual([500]);
    expect(waits({ random: () => 1 }, [0])).toEqual([1500]);
    expect(waits({ random: () => 0, jitter: 0 }, [0])).toEqual([1000]);
  });

  it("waits at least as long as the destination asks, jitter only adds (F-05)", () => {
    expect(waits({ random: () => 0 }, [250])).toEqual([250]);
    expect(waits({ random: half }, [5000])).toEqual([6250]);
    expect(waits({ random: () => 0 }, [90_000])).toEqual([90_000]);
  });

  it("falls back to its own waits when the destination says zero (F-06)", () => {
    expect(waits({ random: half }, [250, 0, 0])).toEqual([313, 1000, 1500]);
  });

  it("never shrinks nor passes its bound while the destination keeps asking (F-07)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 2, maxLength: 20 }),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 20, maxLength: 20 }),
        (asked, randoms) => {
          let drawn = 0;
          const delays = waits({ random: () => randoms[drawn++] ?? 0 }, asked);
          const bound = 1.5 * Math.max(30_000, ...asked);
          delays.forEach((delay, index) => {
            expect(delay).toBeGreaterThanOrEqual(asked[index] ?? Infinity);
            expect(delay).toBeGreaterThanOrEqual(delays[index - 1] ?? 0);
            expect(delay).toBeLessThanOrEqual(Math.ceil(bound));
          });
        },
      ),
    );
  });

  it("says which option is wrong", () => {
    expect(() => backoff({ initialDelayMs: 0 })).toThrow("retry: initialDelayMs must be from 1 to Infinity, not 0");
    expect(() => backoff({ multiplier: 0.9 })).toThrow(RangeError);
    expect(() => backoff({ jitter: 1.1 })).toThrow(RangeError);
    expect(() => backoff({ maxDelayMs: Number.NaN })).toThrow(RangeError);
  });
});

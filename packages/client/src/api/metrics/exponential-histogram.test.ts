import type { RecordedExponentialHistogram } from "@otlpkit/otlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measuring } from "../../../test/measuring.ts";
import { exponentIndex } from "./exponent-index.ts";
import { exponentialHistogram } from "./exponential-histogram.ts";

async function collected(values: readonly number[]): Promise<RecordedExponentialHistogram> {
  const { meter, minute } = measuring({ histogramAggregation: "base2_exponential_bucket_histogram" });
  const histogram = meter.createHistogram("duration");
  for (const value of values) histogram.record(value);
  return (await minute())["duration"]?.dataPoints[0]?.value as RecordedExponentialHistogram;
}

describe("an exponential histogram", () => {
  it("begins as narrow as it may be", async () => {
    expect(await collected([1.5])).toMatchObject({
      count: 1,
      scale: 20,
      zeroCount: 0,
      positive: { offset: exponentIndex(1.5, 20), bucketCounts: [1] },
      negative: { bucketCounts: [] },
    });
  });

  it("counts 0 apart", async () => {
    expect(await collected([0, 0, 1])).toMatchObject({ count: 3, sum: 1, min: 0, max: 1, zeroCount: 2 });
  });

  it("takes the whole range of numbers", async () => {
    const { scale, positive } = await collected([Number.MIN_VALUE, Number.MAX_VALUE]);
    expect(scale).toBe(-4);
    expect(positive.bucketCounts).toHaveLength(132);
  });

  it("counts each value in its bucket, at the largest scale at which no more than 160 are needed", async () => {
    const wide = fc.double({ min: Number.MIN_VALUE, max: 1e300, noNaN: true });
    const usual = fc.double({ min: 0.001, max: 100, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(usual, wide, fc.constant(0)), { minLength: 1 }), async (values) => {
        const { count, sum, min, max, scale, zeroCount, positive } = await collected(values);
        const some = values.filter((value) => value > 0);
        expect({ count, min, max, zeroCount }).toEqual({
          count: values.length,
          min: Math.min(...values),
          max: Math.max(...values),
          zeroCount: values.length - some.length,
        });
        expect(sum).toBe(values.reduce((total, value) => total + value, 0));
        const needed = (at: number): number => {
          const indices = some.map((value) => exponentIndex(value, at));
          return Math.max(...indices) - Math.min(...indices) + 1;
        };
        if (some.length === 0) {
          expect(positive.bucketCounts).toEqual([]);
          return;
        }
        expect(needed(scale)).toBe(positive.bucketCounts.length);
        expect(needed(scale)).toBeLessThanOrEqual(160);
        if (scale < 20) expect(needed(scale + 1)).toBeGreaterThan(160);
        const counts = positive.bucketCounts.map(
          (_, at) => some.filter((value) => exponentIndex(value, scale) === positive.offset + at).length,
        );
        expect(positive.bucketCounts).toEqual(counts);
      }),
      { numRuns: 100 },
    );
  });

  it("can be smaller", () => {
    const few = exponentialHistogram({ maxSize: 4, maxScale: 3 }).start();
    for (const value of [1, 2, 4, 8, 16]) few.record(value);
    expect(few.value()).toMatchObject({ scale: -1, positive: { offset: -1, bucketCounts: [1, 2, 2] } });
  });
});

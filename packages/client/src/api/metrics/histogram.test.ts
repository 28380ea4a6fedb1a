import type { RecordedHistogram } from "@otlpkit/otlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measuring, told } from "../../../test/measuring.ts";
import { defaultBoundaries } from "./histogram.ts";

describe("a histogram", () => {
  it("counts a value on a boundary below it (M-26)", async () => {
    const { meter, minute } = measuring();
    const histogram = meter.createHistogram("duration", { advice: { explicitBucketBoundaries: [1, 10] } });
    for (const value of [0, 1, 1.5, 10, 10.5]) histogram.record(value);
    expect(told((await minute())["duration"])).toEqual([
      [{}, { count: 5, sum: 23, min: 0, max: 10.5, buckets: { boundaries: [1, 10], counts: [2, 2, 1] } }],
    ]);
  });

  it("has the boundaries of the specification when nobody gives others", async () => {
    const { meter, minute } = measuring();
    meter.createHistogram("duration").record(6);
    expect(told((await minute())["duration"])).toMatchObject([[{}, { buckets: { boundaries: defaultBoundaries } }]]);
  });

  it("may have a single bucket", async () => {
    const { meter, minute } = measuring();
    meter.createHistogram("duration", { advice: { explicitBucketBoundaries: [] } }).record(6);
    expect(told((await minute())["duration"])).toMatchObject([[{}, { buckets: { boundaries: [], counts: [1] } }]]);
  });

  it("counts each value in the bucket that it lies in", async () => {
    const boundaries = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { maxLength: 20 });
    const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 1100 }), fc.double({ min: 0, max: 1e6, noNaN: true })), {
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(boundaries, values, async (unsorted, values) => {
        const explicitBucketBoundaries = unsorted.toSorted((a, b) => a - b);
        const { meter, minute } = measuring();
        const histogram = meter.createHistogram("duration", { advice: { explicitBucketBoundaries } });
        for (const value of values) histogram.record(value);
        const edges = [-Infinity, ...explicitBucketBoundaries, Infinity];
        const counts = edges.slice(1).map((upper, index) => {
          return values.filter((value) => value > (edges[index] as number) && value <= upper).length;
        });
        expect(told((await minute())["duration"])).toEqual([
          [
            {},
            {
              count: values.length,
              sum: values.reduce((sum, value) => sum + value, 0),
              min: Math.min(...values),
              max: Math.max(...values),
              buckets: { boundaries: explicitBucketBoundaries, counts },
            },
          ],
        ]);
      }),
      { numRuns: 50 },
    );
  });

  it("tells the same in parts as in one", async () => {
    const rounds = fc.array(fc.array(fc.integer({ min: 0, max: 20_000 })), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(rounds, async (rounds) => {
        const all = measuring();
        const parts = measuring({ temporality: "delta" });
        const both = [all, parts].map(({ meter }) => meter.createHistogram("duration"));
        const total = { count: 0, sum: 0, counts: Array.from({ length: 16 }, () => 0) };
        for (const values of rounds) {
          for (const value of values) for (const histogram of both) histogram.record(value);
          await all.minute();
          for (const [, value] of told((await parts.minute())["duration"])) {
            const { count, sum, buckets } = value as RecordedHistogram;
            total.count += count;
            total.sum += sum as number;
            total.counts = total.counts.map((each, index) => each + (buckets.counts[index] as number));
          }
        }
        const { count, sum, counts } = total;
        const expected = count === 0 ? [] : [[{}, expect.objectContaining({ count, sum })]];
        const last = told((await all.minute())["duration"]);
        expect(last).toEqual(expected);
        for (const [, value] of last) expect(value).toMatchObject({ buckets: { counts } });
      }),
      { numRuns: 30 },
    );
  });
});

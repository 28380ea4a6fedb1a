import type { RecordedBuckets, RecordedExponentialHistogram, RecordedHistogram, RecordedSummary } from "@otlpkit/otlp";
import type { Attributes } from "../resource.ts";
import { countMember, countsMember, invalidMember, listMember, numberMember, objectMember } from "./member.ts";
import type { PlainTime } from "./plain-time.ts";

/** What every point of a metric says. */
export interface PlainPoint {
  /** When it was so. Default: now. */
  readonly time?: PlainTime;
  /** Since when it was added up. Default: not said; say it if you can, so that a restart can be told from a loss. */
  readonly start?: PlainTime;
  /** What the values are of: `{ "http.route": "/cart" }`. */
  readonly attributes?: Attributes;
}

/** A point of a gauge or sum. */
export interface PlainNumberPoint extends PlainPoint {
  /** A bigint only with `valueType: "int"`. */
  readonly value: number | bigint;
}

/** What both kinds of histogram say about all their values. */
interface PlainDistribution extends PlainPoint {
  /** Default: not said. */
  readonly sum?: number;
  /** Default: not said. */
  readonly min?: number;
  /** Default: not said. */
  readonly max?: number;
}

/** A point of a histogram whose boundaries are given. */
export interface PlainHistogramPoint extends PlainDistribution {
  /** Upper boundaries, each larger than the one before; a value on a boundary counts below it. Default: none. */
  readonly boundaries?: readonly number[];
  /** How many values were in each bucket, and how many above the last boundary: one more than `boundaries` (M-26). */
  readonly counts: readonly number[];
}

/** A point of an exponential histogram: bucket `i` holds what is above `base ** i` and not above `base ** (i + 1)` (M-27). */
export interface PlainExponentialHistogramPoint extends PlainDistribution {
  /** `base` is `2 ** (2 ** -scale)`: the larger the scale, the narrower the buckets. */
  readonly scale: number;
  /** How many values were 0. Default 0. */
  readonly zeroCount?: number;
  /** Values whose absolute value is not above this counted as 0. Default 0. */
  readonly zeroThreshold?: number;
  /** The buckets of values above 0. Default: none. */
  readonly positive?: PlainBuckets;
  /** The buckets of values below 0, by their absolute value. Default: none. */
  readonly negative?: PlainBuckets;
}

/** How many values were in the bucket `offset`, in the next, and so on. */
export interface PlainBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** A point of a summary. */
export interface PlainSummaryPoint extends PlainPoint {
  readonly count: number;
  readonly sum: number;
  /** From 0 (the least value) to 1 (the greatest). Default: none. */
  readonly quantiles?: readonly { readonly quantile: number; readonly value: number }[];
}

/** The value of a gauge or sum. Any number may go as "double", also NaN; an "int" is whole and has 64 bits. */
export function numberValue(member: string, { value }: PlainNumberPoint, whole: boolean): number | bigint {
  if (!whole) return numberMember(`${member}.value`, value as number);
  if (Number.isSafeInteger(value) || (typeof value === "bigint" && BigInt.asIntN(64, value) === value)) return value;
  throw invalidMember(`${member}.value`, "a whole number (a bigint, from 2 ** 53), as the valueType is int");
}

/** The value of a histogram. */
export function histogramValue(member: string, point: PlainHistogramPoint): RecordedHistogram {
  const boundaries = listMember(`${member}.boundaries`, point.boundaries);
  const counts = countsMember(`${member}.counts`, point.counts);
  const rising = boundaries.every((boundary, index) => index === 0 || boundary > (boundaries[index - 1] as number));
  if (!rising || !boundaries.every(Number.isFinite)) {
    throw invalidMember(`${member}.boundaries`, "numbers, each larger than the one before");
  }
  if (counts.length !== boundaries.length + 1) throw invalidMember(`${member}.counts`, "one more than boundaries");
  return { buckets: { boundaries: [...boundaries], counts }, count: total(counts), ...about(member, point) };
}

/** The value of an exponential histogram. */
export function exponentialHistogramValue(
  member: string,
  point: PlainExponentialHistogramPoint,
): RecordedExponentialHistogram {
  const positive = bucketsMember(`${member}.positive`, point.positive);
  const negative = bucketsMember(`${member}.negative`, point.negative);
  const zeroCount = countMember(`${member}.zeroCount`, point.zeroCount ?? 0);
  const { scale } = point;
  if (!int32(scale)) throw invalidMember(`${member}.scale`, "a whole number");
  const count = zeroCount + total(positive.bucketCounts) + total(negative.bucketCounts);
  const zeroThreshold = numberMember(`${member}.zeroThreshold`, point.zeroThreshold ?? 0);
  return { count, scale, zeroCount, zeroThreshold, positive, negative, ...about(member, point) };
}

/** The value of a summary. */
export function summaryValue(member: string, { count, sum, quantiles }: PlainSummaryPoint): RecordedSummary {
  return {
    count: countMember(`${member}.count`, count),
    sum: numberMember(`${member}.sum`, sum),
    quantiles: listMember(`${member}.quantiles`, quantiles).map((each, index) => {
      const { quantile, value } = objectMember(`${member}.quantiles[${index}]`, each);
      if (quantile >= 0 && quantile <= 1) {
        return { quantile, value: numberMember(`${member}.quantiles[${index}].value`, value) };
      }
      throw invalidMember(`${member}.quantiles[${index}].quantile`, "a number from 0 to 1");
    }),
  };
}

function bucketsMember(member: string, buckets: PlainBuckets = { offset: 0, counts: [] }): RecordedBuckets {
  const { offset, counts } = objectMember(member, buckets);
  if (!int32(offset)) throw invalidMember(`${member}.offset`, "a whole number");
  return { offset, bucketCounts: countsMember(`${member}.counts`, counts) };
}

/** What is said about all values of a histogram. What is not said stays absent, as 0 would be a lie (M-25). */
function about(member: string, { sum, min, max }: PlainDistribution) {
  return {
    ...(sum !== undefined && { sum: numberMember(`${member}.sum`, sum) }),
    ...(min !== undefined && { min: numberMember(`${member}.min`, min) }),
    ...(max !== undefined && { max: numberMember(`${member}.max`, max) }),
  };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function int32(value: number): boolean {
  return typeof value === "number" && (value | 0) === value;
}

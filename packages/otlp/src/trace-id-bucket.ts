import type { ItemView } from "./item-view.ts";

/**
 * A key for `splitByKey` that sends all items of one trace to one of `buckets` numbers, from 0: what spreads traces over
 * that many backends. Items without a trace id of 16 bytes go to bucket 0. `splitByKey` knows it and reads ids in place.
 *
 * The same id gives the same bucket in every process and version, `traceIdHash(id) % buckets`.
 *
 * Throws `RangeError` unless `buckets` is a whole number from 1 to 65536.
 */
export function traceIdBucket(buckets: number): (item: ItemView) => number {
  if (!(Number.isInteger(buckets) && buckets >= 1 && buckets <= 65_536)) {
    throw new RangeError(`traceIdBucket: buckets must be a whole number from 1 to 65536, it is ${buckets}`);
  }
  const key = (item: ItemView): number => {
    const id = item.traceId();
    return id === "" ? 0 : hashWords(word(id, 0), word(id, 8), word(id, 16), word(id, 24)) % buckets;
  };
  return Object.assign(key, { [bucketCount]: buckets });
}

/** How many buckets a key that {@link traceIdBucket} made has, `undefined` for any other key. */
export function bucketsOf(key: object): number | undefined {
  return (key as { readonly [bucketCount]?: number })[bucketCount];
}

/**
 * A number from 0 to 2^32 - 1 made of the trace id of 16 bytes at `at`, every bit of which counts, since some senders
 * begin their ids with the time. It is not a secret: who chooses ids can choose the number.
 */
export function traceIdHash(bytes: Uint8Array, at = 0): number {
  return traceIdHashAt(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at);
}

/** {@link traceIdHash} for many ids in one body. */
export function traceIdHashAt(view: DataView, at: number): number {
  return hashWords(view.getInt32(at), view.getInt32(at + 4), view.getInt32(at + 8), view.getInt32(at + 12));
}

const bucketCount = Symbol("bucketCount");

function hashWords(a: number, b: number, c: number, d: number): number {
  return mix(mix(a ^ Math.imul(b, 0x9e3779b1)) ^ c ^ Math.imul(d, 0x85ebca6b)) >>> 0;
}

/** Spreads every bit over all others. */
export function mix(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return bits ^ (bits >>> 16);
}

function word(hex: string, at: number): number {
  return Number.parseInt(hex.slice(at, at + 8), 16) | 0;
}

import { unfilled } from "#memory";
import type { Batch } from "@otlpkit/core";
import { levels } from "./levels.ts";

/**
 * Whether two batches may become one request: the same signal, plain protobuf both, one tenant, and equal onward headers,
 * so that nothing of one tenant reaches another. Never profiles: each request of these has its own dictionary (M-36).
 */
export function canMerge(a: Batch, b: Batch): boolean {
  const alike = a.signal === b.signal && a.tenant === b.tenant && equalHeaders(a.headers, b.headers);
  return alike && isDivisible(a) && isDivisible(b);
}

/**
 * Makes one request of many by laying them end to end, which in protobuf is the same as joining their lists: nothing is
 * decoded, and what is unknown stays. Resources and scopes are not folded together (M-10).
 *
 * `memory` gives the bytes to write into, exactly so many; default: new ones.
 *
 * Throws `TypeError` when there are none or {@link canMerge} says no, which is a mistake of the caller.
 */
export function merge(batches: readonly Batch[], memory: (bytes: number) => Uint8Array = unfilled): Batch {
  const first = batches[0];
  if (first === undefined) throw new TypeError("cannot merge no batches; there must be at least one");
  if (batches.length === 1) return first;

  let bytes = 0;
  let items = 0;
  for (const batch of batches) {
    if (!canMerge(first, batch)) {
      throw new TypeError(
        `cannot merge ${describe(first)} and ${describe(batch)}; ask canMerge() first, it compares signal, format, encoding, tenant and headers`,
      );
    }
    bytes += batch.body.length;
    items += batch.items;
  }
  const body = memory(bytes);
  let at = 0;
  for (const batch of batches) {
    body.set(batch.body, at);
    at += batch.body.length;
  }
  return { ...first, body, items };
}

/** Whether a batch can be joined and cut as it is. */
export function isDivisible(batch: Batch): boolean {
  return batch.format === "protobuf" && batch.encoding === "identity" && levels[batch.signal].divisible;
}

/** Refuses what cannot be read as it is; profiles can, though not be cut. */
export function expectPlain(batch: Batch, attempted: string): void {
  if (batch.format === "protobuf" && batch.encoding === "identity") return;
  throw new TypeError(
    `cannot ${attempted} ${describe(batch)}; it takes uncompressed protobuf, so put it before the compression`,
  );
}

function describe(batch: Batch): string {
  return `${batch.signal} (${batch.format}, ${batch.encoding})`;
}

function equalHeaders(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}

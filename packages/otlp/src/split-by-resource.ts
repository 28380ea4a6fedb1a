import { unfilled } from "#memory";
import type { Batch } from "@otlpkit/core";
import type { AttributeValue } from "./any-value.ts";
import { typesOf } from "./item-view.ts";
import { levels } from "./levels.ts";
import { expectPlain, isDivisible } from "./merge.ts";
import { MovableView } from "./message-view.ts";
import { countItems } from "./visit.ts";
import { type Cursor, lengthTag, readUint32, skipValue } from "./wire.ts";

/**
 * Sorts the resources of a batch, with all that belongs to them, into one batch per value of an attribute, in the order
 * in which values turn up. The value is written as text ("42", "true"); it is "" where the attribute is missing or is a
 * list, a map or bytes. Looks at resources only, so that it costs next to nothing beside a `scan`, and cuts only where
 * values differ: of one value, it is the batch itself.
 *
 * Profiles can't be cut and go whole to the value of the first resource.
 *
 * Throws `TypeError` for JSON and compressed batches.
 */
export function splitByResource(batch: Batch, attribute: string): Map<string, Batch> {
  expectPlain(batch, "split");
  const { signal, body } = batch;
  const [, containerType = ""] = typesOf(signal);
  const container = new MovableView(body, containerType);
  /** Start and end of what goes to each value. */
  const ranges = new Map<string, number[]>();
  /** What is beside the resources, which nobody knows: it goes to all. */
  const rest: number[] = [];

  const wanted = lengthTag(levels[signal].path[0] as number);
  const cursor: Cursor = { at: 0 };
  while (cursor.at < body.length) {
    const start = cursor.at;
    const tag = readUint32(body, cursor);
    if (tag !== wanted) {
      skipValue(body, cursor, tag);
      rest.push(start, cursor.at);
      continue;
    }
    const end = readUint32(body, cursor) + cursor.at;
    container.move([cursor.at, end]);
    const value = textOf(container.message("resource")?.attribute(attribute));
    const own = ranges.get(value);
    if (own === undefined) ranges.set(value, [start, end]);
    else own.push(start, end);
    cursor.at = end;
  }

  const [first = ""] = ranges.keys();
  if (ranges.size <= 1 || !isDivisible(batch)) return new Map([[first, batch]]);
  return new Map(
    [...ranges].map(([value, own]) => {
      const piece = joined(body, [...own, ...rest]);
      return [value, { ...batch, body: piece, items: countItems(signal, piece) }];
    }),
  );
}

function textOf(value: AttributeValue | undefined): string {
  return value === undefined || value === null || typeof value === "object" ? "" : String(value);
}

function joined(body: Uint8Array, ranges: readonly number[]): Uint8Array {
  let bytes = 0;
  for (let range = 0; range < ranges.length; range += 2) {
    bytes += (ranges[range + 1] as number) - (ranges[range] as number);
  }
  const whole = unfilled(bytes);
  let at = 0;
  for (let range = 0; range < ranges.length; range += 2) {
    const part = body.subarray(ranges[range], ranges[range + 1]);
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

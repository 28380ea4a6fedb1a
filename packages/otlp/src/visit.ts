import type { Signal } from "@otlpkit/core";
import { isArm, levels } from "./levels.ts";
import { type Cursor, lengthTag, readUint32, skipValue, wireType } from "./wire.ts";

/**
 * Calls `visit` with the range of every item of a request that has passed `scan`, in order: from the first byte of the
 * span, point, record or profile to the one after its last. Looks at nothing inside.
 */
export function visitItems(signal: Signal, body: Uint8Array, visit: (start: number, end: number) => void): void {
  const { path, arms } = levels[signal];
  const tags = path.map(lengthTag);
  walk(body, 0, body.length, 0, tags, arms.length > 0 ? tags.length - 1 : -1, visit);
}

/** How many items a request that has passed `scan` holds. Of the arms of a metric the last one counts. */
export function countItems(signal: Signal, body: Uint8Array): number {
  let items = 0;
  visitItems(signal, body, () => {
    items++;
  });
  return items;
}

/**
 * Calls `visit` with the position of the trace id of every span or log record, -1 where there is none of 16 bytes, and
 * the range of the item. A span that begins with its id, as every sender writes it, is not looked at any further.
 */
export function visitTraceIds(
  signal: "traces" | "logs",
  body: Uint8Array,
  visit: (idAt: number, start: number, end: number) => void,
): void {
  const tag = traceIdTag(signal);
  visitItems(signal, body, (start, end) => visit(findTraceId(body, start, end, tag), start, end));
}

/** The tag of `trace_id` in the items of a signal; 0 where items have none. */
export function traceIdTag(signal: Signal): number {
  if (signal === "traces") return lengthTag(1);
  return signal === "logs" ? lengthTag(9) : 0;
}

/** Where the trace id of the item in `[start, end)` is, or -1. */
export function findTraceId(body: Uint8Array, start: number, end: number, tag: number): number {
  if (end - start > 17 && body[start] === tag && body[start + 1] === 16) return start + 2;
  const cursor: Cursor = { at: start };
  let found = -1;
  while (cursor.at < end) {
    const current = readUint32(body, cursor);
    if (current !== tag) {
      skipValue(body, cursor, current);
      continue;
    }
    const length = readUint32(body, cursor);
    found = length === 16 ? cursor.at : -1;
    cursor.at += length;
  }
  return found;
}

/**
 * Where the arm of a Metric that counts begins, or -1 when there is none. The last arm wins; when it occurs more than
 * once in a row, all of these are one message (M-40).
 */
export function winningArm(body: Uint8Array, start: number, end: number): number {
  const cursor: Cursor = { at: start };
  let from = -1;
  let arm = 0;
  while (cursor.at < end) {
    const fieldAt = cursor.at;
    const tag = readUint32(body, cursor);
    if (isArm(tag >>> 3) && tag !== arm) {
      from = fieldAt;
      arm = tag;
    }
    skipValue(body, cursor, tag);
  }
  return from;
}

function walk(
  body: Uint8Array,
  start: number,
  end: number,
  depth: number,
  tags: readonly number[],
  metricDepth: number,
  visit: (start: number, end: number) => void,
): void {
  const wanted = tags[depth] as number;
  const isLast = depth === tags.length - 1;
  const cursor: Cursor = { at: start };
  let at = start;
  while (at < end) {
    cursor.at = at;
    const tag = readUint32(body, cursor);
    at = cursor.at;
    if (tag !== wanted) {
      skipValue(body, cursor, tag);
      at = cursor.at;
      continue;
    }
    let length = body[at++] as number;
    if (length > 0x7f) {
      const second = body[at++] as number;
      if (second < 0x80) length = (length & 0x7f) | (second << 7);
      else {
        cursor.at = at - 2;
        length = readUint32(body, cursor);
        at = cursor.at;
      }
    }
    if (isLast) visit(at, at + length);
    else if (depth + 1 === metricDepth) walkArms(body, at, at + length, depth + 1, tags, visit);
    else walk(body, at, at + length, depth + 1, tags, metricDepth, visit);
    at += length;
  }
}

/** The points of a metric. */
function walkArms(
  body: Uint8Array,
  start: number,
  end: number,
  depth: number,
  tags: readonly number[],
  visit: (start: number, end: number) => void,
): void {
  const from = winningArm(body, start, end);
  if (from === -1) return;
  const cursor: Cursor = { at: from };
  const arm = readUint32(body, cursor);
  cursor.at = from;
  while (cursor.at < end) {
    const tag = readUint32(body, cursor);
    if (tag !== arm || (tag & 7) !== wireType.length) {
      skipValue(body, cursor, tag);
      continue;
    }
    const length = readUint32(body, cursor);
    walk(body, cursor.at, cursor.at + length, depth, tags, -1, visit);
    cursor.at += length;
  }
}

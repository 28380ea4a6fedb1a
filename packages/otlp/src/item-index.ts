import type { Signal } from "@otlpkit/core";
import { isArm, levels } from "./levels.ts";
import { winningArm } from "./visit.ts";
import { type Cursor, lengthTag, readUint32, skipValue } from "./wire.ts";

/**
 * A message around items: the request itself, a resource, a scope, a metric, its oneof. An arm that occurs several
 * times in one metric is one container.
 */
export interface Container {
  /** The container around this one, undefined for the request. */
  readonly parent: Container | undefined;
  /** 0 for the request. */
  readonly depth: number;
  /** Its place in {@link ItemIndex.containers}. */
  readonly number: number;
  /** The tag that it has in its parent, 0 for the request. */
  readonly tag: number;
  /** Where its first tag is. */
  readonly start: number;
  /** Where its content begins: after the first length. */
  readonly contentAt: number;
  /** Where its (last) content ends. */
  end: number;
  /** Everything in it but its children: start and end of each range, in order. */
  readonly rest: number[];
  restBytes: number;
}

/** Where everything is in a request, as positions. */
export interface ItemIndex {
  readonly containers: readonly Container[];
  /** For each item: where its tag is, where its content begins, where it ends, and which container it is in. */
  readonly starts: readonly number[];
  readonly contents: readonly number[];
  readonly ends: readonly number[];
  readonly parents: readonly number[];
}

/**
 * Finds the items of a request that has passed `scan`, and what is around them. Takes time in proportion to the items.
 * `expectedItems` only makes room: the arrays then need not grow.
 */
export function indexItems(signal: Signal, body: Uint8Array, expectedItems: number): ItemIndex {
  const { path, arms } = levels[signal];
  const tags = path.map(lengthTag);
  const metricDepth = arms.length > 0 ? path.length - 1 : -1;
  const containers: Container[] = [];
  const room = Math.min(expectedItems, body.length);
  const starts = Array<number>(room).fill(0);
  const contents = starts.slice();
  const ends = starts.slice();
  const parents = starts.slice();
  let items = 0;
  const cursor: Cursor = { at: 0 };

  const open = (
    parent: Container | undefined,
    tag: number,
    start: number,
    contentAt: number,
    end: number,
  ): Container => {
    const depth = parent === undefined ? 0 : parent.depth + 1;
    const container = { parent, depth, number: containers.length, tag, start, contentAt, end, rest: [], restBytes: 0 };
    containers.push(container);
    return container;
  };

  /** Reads the content up to `end`, whose children have the tag of `level`; the cursor is where it begins. */
  const read = (container: Container, end: number, level: number): void => {
    const wanted = tags[level] as number;
    const isLast = level === tags.length - 1;
    while (cursor.at < end) {
      const start = cursor.at;
      const tag = readUint32(body, cursor);
      if (tag !== wanted) {
        skipValue(body, cursor, tag);
        addRest(container, start, cursor.at);
        continue;
      }
      const childEnd = readUint32(body, cursor) + cursor.at;
      if (isLast) {
        starts[items] = start;
        contents[items] = cursor.at;
        ends[items] = childEnd;
        parents[items] = container.number;
        items++;
        cursor.at = childEnd;
      } else {
        const child = open(container, tag, start, cursor.at, childEnd);
        if (level + 1 === metricDepth) readMetric(child, childEnd, level + 1);
        else read(child, childEnd, level + 1);
      }
    }
  };

  const readMetric = (metric: Container, end: number, level: number): void => {
    const from = winningArm(body, cursor.at, end);
    let arm: Container | undefined;
    while (cursor.at < end) {
      const start = cursor.at;
      const tag = readUint32(body, cursor);
      if (!isArm(tag >>> 3)) {
        skipValue(body, cursor, tag);
        addRest(metric, start, cursor.at);
      } else if (start < from) {
        skipValue(body, cursor, tag); // Overruled by the arm that follows: no parser would hand it out.
      } else {
        const armEnd = readUint32(body, cursor) + cursor.at;
        arm ??= open(metric, tag, start, cursor.at, armEnd);
        arm.end = armEnd;
        read(arm, armEnd, level);
      }
    }
  };

  read(open(undefined, 0, 0, 0, body.length), body.length, 0);
  for (const column of [starts, contents, ends, parents]) column.length = items;
  return { containers, starts, contents, ends, parents };
}

function addRest(container: Container, start: number, end: number): void {
  const { rest } = container;
  if (rest.length > 0 && rest[rest.length - 1] === start) rest[rest.length - 1] = end;
  else rest.push(start, end);
  container.restBytes += end - start;
}

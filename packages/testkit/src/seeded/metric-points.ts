import { itemIdAttribute } from "../item-ids.ts";
import type { ProtobufWriter } from "../protobuf.ts";
import { writeAttribute, writePointAttributes } from "./attributes.ts";
import type { ItemSource } from "./item-source.ts";

const bounds = [5, 10, 25, 50, 100, 250, 500, 1000];
const delta = 1;
const cumulative = 2;

type WritePoint = (to: ProtobufWriter, source: ItemSource) => void;

/** One after the other, so that every batch of five metrics has all kinds. */
const kinds: readonly {
  readonly name: string;
  readonly unit: string;
  readonly field: number;
  readonly point: WritePoint;
  readonly rest?: (to: ProtobufWriter) => void;
}[] = [
  { name: "process.memory.usage", unit: "By", field: 5, point: numberPoint },
  {
    name: "http.server.requests",
    unit: "{request}",
    field: 7,
    point: numberPoint,
    rest: (to) => {
      to.uint(2, cumulative);
      to.uint(3, 1);
    },
  },
  {
    name: "http.server.request.duration",
    unit: "ms",
    field: 9,
    point: histogramPoint,
    rest: (to) => to.uint(2, delta),
  },
  {
    name: "db.client.operation.duration",
    unit: "s",
    field: 10,
    point: exponentialPoint,
    rest: (to) => to.uint(2, delta),
  },
  { name: "rpc.server.duration", unit: "ms", field: 11, point: summaryPoint },
];

/** `ScopeMetrics.metrics`, each with so many points. */
export function metricWriter(source: ItemSource): (to: ProtobufWriter, points: number) => void {
  let made = 0;
  return (to, points) => {
    const kind = kinds[made++ % kinds.length];
    if (!kind) return;
    to.message(2, () => {
      to.string(1, kind.name);
      to.string(3, kind.unit);
      to.message(kind.field, () => {
        for (let point = 0; point < points; point++) to.message(1, () => kind.point(to, source));
        kind.rest?.(to);
      });
    });
  };
}

function numberPoint(to: ProtobufWriter, source: ItemSource): void {
  times(to, source);
  const asInt = source.random.below(2) === 0;
  if (!asInt) to.double(4, source.random.next() * 1e6);
  if (asInt) to.fixed64(6, BigInt(source.random.below(2 ** 31)));
  attributes(to, 7, source);
}

function histogramPoint(to: ProtobufWriter, source: ItemSource): void {
  const counts = Array.from({ length: bounds.length + 1 }, () => source.random.below(40));
  times(to, source);
  to.fixed64(4, BigInt(counts.reduce((sum, count) => sum + count, 0)));
  to.double(5, source.random.next() * 1e4);
  to.bytes(6, new Uint8Array(BigUint64Array.from(counts, BigInt).buffer));
  to.bytes(7, new Uint8Array(Float64Array.from(bounds).buffer));
  attributes(to, 9, source);
  to.double(11, 0.5);
  to.double(12, 980.25);
}

function exponentialPoint(to: ProtobufWriter, source: ItemSource): void {
  // Below 128, so that a packed varint is one byte.
  const counts = Uint8Array.from({ length: 12 }, () => source.random.below(100));
  attributes(to, 1, source);
  times(to, source);
  to.fixed64(4, BigInt(counts.reduce((sum, count) => sum + count, 3)));
  to.double(5, source.random.next() * 10);
  const scale = source.random.below(8) - 2;
  if (scale !== 0) to.sint32(6, scale);
  to.fixed64(7, 3n);
  to.message(8, () => {
    to.sint32(1, -source.random.below(20) - 1);
    to.bytes(2, counts);
  });
}

function summaryPoint(to: ProtobufWriter, source: ItemSource): void {
  times(to, source);
  to.fixed64(4, BigInt(1 + source.random.below(500)));
  to.double(5, 1 + source.random.next() * 1e4);
  for (const quantile of [0.5, 0.99]) {
    to.message(6, () => {
      to.double(1, quantile);
      to.double(2, 1 + source.random.next() * 100);
    });
  }
  attributes(to, 7, source);
}

function times(to: ProtobufWriter, source: ItemSource): void {
  const time = source.nextTime();
  to.fixed64(2, time - 10_000_000_000n);
  to.fixed64(3, time);
}

function attributes(to: ProtobufWriter, field: number, source: ItemSource): void {
  writePointAttributes(to, field, source.random);
  writeAttribute(to, field, itemIdAttribute, source.itemId());
}

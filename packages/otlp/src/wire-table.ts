import type { Signal } from "@otlpkit/core";
import { messages, requestNames, type FieldKind, type FieldSchema } from "./generated/schema.ts";
import { isArm } from "./levels.ts";
import { wireType } from "./wire.ts";

/** What is to be done about a field, by message and tag. The low four bits of a step; the others number a message. */
export const step = {
  unknown: 0,
  varint: 1,
  fixed64: 2,
  fixed32: 3,
  bytes: 4,
  string: 5,
  packedVarint: 6,
  packedFixed64: 7,
  packedFixed32: 8,
  /** No parser could make sense of this tag here. */
  refused: 9,
  message: 10,
  /** A message that is counted. */
  item: 11,
  /** The messages around the oneof of Metric, whose last arm alone is valid. */
  metric: 12,
  arm: 13,
} as const;

/** The schema as numbers, so that scanning a request looks up each tag in one array and touches no object. */
export interface WireTable {
  /** `steps[message * width + tag]`. A tag of `width` or more belongs to no known field. */
  readonly steps: Uint16Array;
  readonly width: number;
  /** Which message an attribute is. */
  readonly keyValue: number;
  /** Which message a request is. */
  readonly requests: Readonly<Record<Signal, number>>;
}

const itemNames = /\.(Span|LogRecord|Profile|NumberDataPoint|\w*HistogramDataPoint|SummaryDataPoint)$/;
const metricName = "opentelemetry.proto.metrics.v1.Metric";

const wireTypes: Readonly<Record<FieldKind, number>> = {
  double: wireType.fixed64,
  fixed64: wireType.fixed64,
  sfixed64: wireType.fixed64,
  fixed32: wireType.fixed32,
  int32: wireType.varint,
  int64: wireType.varint,
  uint32: wireType.varint,
  uint64: wireType.varint,
  sint32: wireType.varint,
  bool: wireType.varint,
  enum: wireType.varint,
  string: wireType.length,
  bytes: wireType.length,
  message: wireType.length,
};

/** The wire type of one value of a kind, unpacked. */
export function wireTypeOf(kind: FieldKind): number {
  return wireTypes[kind];
}

export const wireTable: WireTable = /* @__PURE__ */ buildTable();

function buildTable(): WireTable {
  const names = Object.keys(messages);
  const numberOf = new Map(names.map((name, index) => [name, index]));
  const fields = Object.values(messages).flatMap((message) => message.fields);
  const width = fields.reduce((most, field) => Math.max(most, (field.number + 1) << 3), 0);

  const steps = new Uint16Array(names.length * width);
  for (const [index, message] of Object.values(messages).entries()) {
    const row = steps.subarray(index * width, (index + 1) * width);
    for (let tag = 0; tag < width; tag++) {
      if (tag < 8 || (tag & 7) === wireType.endGroup || (tag & 7) > wireType.fixed32) row[tag] = step.refused;
    }
    for (const field of message.fields) {
      // Protobuf would take a known number with another wire type for an unknown field and lose the value in silence.
      row.fill(step.refused, field.number << 3, (field.number + 1) << 3);
      const type = wireTypeOf(field.kind);
      row[(field.number << 3) | type] = stepOf(field, message.name, numberOf);
      if (field.repeated && type !== wireType.length) row[(field.number << 3) | wireType.length] = packedStep(type);
    }
  }
  const request = (signal: Signal): number => numberOf.get(requestNames[signal]) as number;
  return {
    steps,
    width,
    keyValue: numberOf.get("opentelemetry.proto.common.v1.KeyValue") as number,
    requests: {
      traces: request("traces"),
      metrics: request("metrics"),
      logs: request("logs"),
      profiles: request("profiles"),
    },
  };
}

function stepOf(field: FieldSchema, parent: string, numberOf: ReadonlyMap<string, number>): number {
  if (field.kind === "string") return step.string;
  if (field.kind === "bytes") return step.bytes;
  const name = field.message;
  if (name === undefined) return scalarStep(wireTypeOf(field.kind));
  const child = (numberOf.get(name) as number) << 4;
  if (itemNames.test(name)) return child | step.item;
  if (name === metricName) return child | step.metric;
  return child | (parent === metricName && isArm(field.number) ? step.arm : step.message);
}

function scalarStep(type: number): number {
  if (type === wireType.varint) return step.varint;
  return type === wireType.fixed64 ? step.fixed64 : step.fixed32;
}

function packedStep(type: number): number {
  if (type === wireType.varint) return step.packedVarint;
  return type === wireType.fixed64 ? step.packedFixed64 : step.packedFixed32;
}

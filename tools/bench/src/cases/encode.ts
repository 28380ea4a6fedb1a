import assert from "node:assert/strict";
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { logEncoder, metricEncoder, protobufToJson, type RecordEncoder, scan, spanEncoder } from "@otlpkit/otlp";
import type { Signal } from "@otlpkit/core";
import type { Bench } from "../bench.ts";
import { compare, local } from "../measure.ts";
import { sdkLogs, sdkMetrics, sdkSpans } from "../sdk-fixtures.ts";

const peer = "otlp-transformer 0.301";
const batchSpans = 512;

/** A1 to A4: objects of the OpenTelemetry SDK to OTLP protobuf. */
export const encoding: readonly Bench[] = [
  {
    name: "A1 encode 512 SDK spans, warm",
    async run() {
      const spans = await sdkSpans(batchSpans);
      const ours = encodes(spanEncoder(), spans);
      const theirs = (): Uint8Array => ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array;
      assertEqual("traces", ours(), theirs(), spans.length);
      const comparison = await compare(local(ours), local(theirs));
      return [{ id: "A1", work: "encode 512 spans, warm", peer, goal: 8, by: "cpu", comparison, items: spans.length }];
    },
  },
  {
    name: "A2 encode 24,000 distinct SDK spans",
    async run() {
      const spans = await sdkSpans(24_000);
      const batches = Array.from({ length: Math.ceil(spans.length / batchSpans) }, (_, index) =>
        spans.slice(index * batchSpans, (index + 1) * batchSpans),
      );
      const encoder = spanEncoder();
      const comparison = await compare(
        local(() => batches.forEach((batch) => encodes(encoder, batch)())),
        local(() => batches.forEach((batch) => ProtobufTraceSerializer.serializeRequest(batch))),
      );
      const work = "encode 24,000 distinct spans";
      return [{ id: "A2", work, peer, goal: 4.5, by: "cpu", comparison, items: spans.length }];
    },
  },
  {
    name: "A3 garbage of encoding",
    async run() {
      const spans = await sdkSpans(batchSpans);
      const ours = heapPerItem(encodes(spanEncoder(), spans), spans.length);
      const theirs = heapPerItem(() => ProtobufTraceSerializer.serializeRequest(spans), spans.length);
      return [
        {
          id: "A3",
          work: "heap used up by encoding, without the request itself",
          peer,
          unit: "B a span",
          ...ours,
          theirs: theirs.ours,
          goal: { atMost: 32 },
        },
      ];
    },
  },
  {
    name: "A4 encode metrics and logs",
    async run() {
      const records = await sdkLogs(batchSpans);
      const metrics = await sdkMetrics(128);
      const points = metrics.scopeMetrics.reduce(
        (sum, scope) => sum + scope.metrics.reduce((all, metric) => all + metric.dataPoints.length, 0),
        0,
      );
      const ourLogs = encodes(logEncoder(), records);
      const theirLogs = (): Uint8Array => ProtobufLogsSerializer.serializeRequest(records) as Uint8Array;
      const ourMetrics = encodes(metricEncoder(), [metrics]);
      const theirMetrics = (): Uint8Array => ProtobufMetricsSerializer.serializeRequest(metrics) as Uint8Array;
      assertEqual("logs", ourLogs(), theirLogs(), records.length);
      assertEqual("metrics", ourMetrics(), theirMetrics(), points);
      const logs = await compare(local(ourLogs), local(theirLogs));
      const measured = await compare(local(ourMetrics), local(theirMetrics));
      const common = { id: "A4", peer, goal: 4, by: "cpu" } as const;
      return [
        { ...common, work: "encode 512 log records", comparison: logs, items: records.length },
        { ...common, work: `encode ${points} data points`, comparison: measured, items: points },
      ];
    },
  },
];

function encodes<Item>(encoder: RecordEncoder<Item>, items: readonly Item[]): () => Uint8Array {
  return () => {
    for (const item of items) encoder.add(item);
    return (encoder.take() as { readonly body: Uint8Array }).body;
  };
}

/** Both say the same; ours passes the check of a receiver. */
function assertEqual(signal: Signal, ours: Uint8Array, theirs: Uint8Array, items: number): void {
  assert.equal(scan(signal, ours), items);
  // In JSON, where zeros and nothing look alike; of a status that says nothing the peer makes an empty one.
  const text = (body: Uint8Array): string =>
    new TextDecoder().decode(protobufToJson(signal, body)).replaceAll(',"status":{}', "");
  assert.equal(text(ours), text(theirs));
}

/** Heap that is used up by a round, a span's share of it; the request's own bytes lie outside the heap. */
function heapPerItem(
  work: () => unknown,
  items: number,
): { readonly ours: number; readonly spread: readonly [number, number] } {
  for (let warm = 0; warm < 200; warm++) work();
  const found = Array.from({ length: 7 }, () => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    // Few enough rounds that no collection comes between.
    for (let round = 0; round < 8; round++) work();
    return (process.memoryUsage().heapUsed - before) / (8 * items);
  }).toSorted((a, b) => a - b);
  return { ours: found[3] as number, spread: [found[0] as number, found[6] as number] };
}

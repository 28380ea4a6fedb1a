// Prints what our encoders and the official serialisers make of the same objects of the SDK, in base64. A program of its
// own, as the conditions that tests resolve by lead to modules of the SDK that Node does not take.
import { context, type Link, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { logEncoder, metricEncoder, type RecordEncoder, spanEncoder } from "@otlpkit/otlp";

const resource = resourceFromAttributes(
  { "service.name": "shöp", "process.pid": 7, tags: ["a", "b"] },
  { schemaUrl: "https://opentelemetry.io/schemas/1.40.0" },
);

const attributes = {
  text: "plain",
  other: "走る 🏃",
  long: "é".repeat(9000),
  whole: 42,
  negative: -1,
  large: 2 ** 53,
  fraction: 0.1,
  none: Number.NaN,
  yes: true,
  list: ["a", "b"],
  numbers: [1, 2.5, -3],
};

const remote = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", isRemote: true };

function spans(): ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    spanLimits: { eventCountLimit: 2, linkCountLimit: 2, attributeCountLimit: 12 },
  });
  const parent = trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: TraceFlags.SAMPLED });
  for (const name of ["http", "grpc.x"]) {
    const tracer = provider.getTracer(name, "1.0", {
      schemaUrl: `https://opentelemetry.io/schemas/1.${name.length}.0`,
    });
    const link: Link = { context: { ...remote, traceFlags: TraceFlags.NONE }, attributes: { why: name } };
    const root = tracer.startSpan("root", { kind: SpanKind.SERVER, attributes, links: [link] }, parent);
    for (let index = 0; index < 20; index++) {
      const child = tracer.startSpan(`child ${index % 3}`, { kind: index % 5 }, trace.setSpan(context.active(), root));
      for (let event = 0; event < index % 5; event++) child.addEvent(`event ${event}`, { event, ...attributes });
      for (let each = 0; each < index % 4; each++) child.addLink(link);
      for (let key = 0; key < index; key++) child.setAttribute(`key ${key}`, `value ${index}`);
      if (index % 3 === 0) child.recordException(new Error("broken"));
      if (index % 4 === 0) child.setStatus({ code: SpanStatusCode.ERROR, message: "no" });
      if (index % 4 === 1) child.setStatus({ code: SpanStatusCode.OK });
      child.end();
    }
    root.end();
  }
  return exporter.getFinishedSpans();
}

function logs(): ReadableLogRecord[] {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  const inSpan = trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: TraceFlags.SAMPLED });
  for (const name of ["app", "audit"]) {
    const logger = provider.getLogger(name, "2.0");
    logger.emit({ body: "plain", severityNumber: 9, severityText: "INFO", attributes });
    logger.emit({ body: { nested: { list: [1, "two", null], bytes: Uint8Array.of(1, 2) } }, timestamp: [1, 5] });
    logger.emit({ body: "in a span", context: inSpan, eventName: "bought" });
    logger.emit({});
  }
  return exporter.getFinishedLogRecords();
}

async function metrics(temporality: AggregationTemporality): Promise<ResourceMetrics> {
  class Reader extends MetricReader {
    protected async onForceFlush(): Promise<void> {}
    protected async onShutdown(): Promise<void> {}
  }
  const reader = new Reader({ aggregationTemporalitySelector: () => temporality });
  const views = [
    { instrumentName: "exponential", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } as const },
  ];
  const provider = new MeterProvider({ resource, readers: [reader], views });
  for (const name of ["app", "runtime"]) {
    const meter = provider.getMeter(name, "3.0");
    const counter = meter.createCounter("counter", { unit: "{request}", description: "how many", valueType: 0 });
    const upDown = meter.createUpDownCounter("up.down");
    const gauge = meter.createGauge("gauge");
    const histograms = ["histogram", "exponential"].map((kind) => meter.createHistogram(kind, { unit: "s" }));
    for (let index = 0; index < 200; index++) {
      const at = { shard: index % 7, text: `text ${index % 3}`, ...(index % 5 === 0 && attributes) };
      counter.add(index * 1_000_000_007, at);
      upDown.add(index % 2 === 0 ? -1.5 : 1, at);
      gauge.record(index / 3, at);
      for (const histogram of histograms) histogram.record((index * index) / 100, at);
    }
  }
  return (await reader.collect()).resourceMetrics;
}

function both<Item>(encoder: RecordEncoder<Item>, items: readonly Item[], official: Uint8Array | undefined) {
  for (const item of items) encoder.add(item);
  const batch = encoder.take();
  if (batch === undefined || official === undefined) throw new Error("nothing was encoded");
  const { signal, items: count, body } = batch;
  return { signal, items: count, ours: base64(body), official: base64(official) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

const ended = spans();
const emitted = logs();
const cumulative = await metrics(AggregationTemporality.CUMULATIVE);
const delta = await metrics(AggregationTemporality.DELTA);
const encoded = [
  both(spanEncoder(), ended, ProtobufTraceSerializer.serializeRequest(ended)),
  both(logEncoder(), emitted, ProtobufLogsSerializer.serializeRequest(emitted)),
  both(metricEncoder(), [cumulative], ProtobufMetricsSerializer.serializeRequest(cumulative)),
  both(metricEncoder(), [delta], ProtobufMetricsSerializer.serializeRequest(delta)),
];
console.log(JSON.stringify(encoded));

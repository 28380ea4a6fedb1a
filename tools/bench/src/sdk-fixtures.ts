// What the OpenTelemetry SDK (third generation) really hands to an exporter: spans of about 447 bytes with eight to nine
// attributes and one event, log records, and collected metrics. The values are seeded; the objects are the SDK's own.
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { AggregationTemporality, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** A program's resource. */
export const resource = resourceFromAttributes({
  "service.name": "checkout",
  "service.version": "2.4.0",
  "service.instance.id": "instance-7",
  "cloud.region": "eu-central-1",
  "process.pid": 4007,
});

const methods = ["GET", "POST", "PUT", "DELETE"];
const statuses = [200, 201, 204, 404, 500];
const hosts = ["checkout", "cart", "catalog", "payment", "shipping"].map((name) => `${name}.shop.svc.cluster.local`);
const routes = ["/api/cart/{id}", "/api/orders/{id}/items", "/healthz"];
const names = ["GET /api/cart/{id}", "POST /api/orders", "SELECT shop.orders", "grpc.shop.Catalog/Find", "redis GET"];

/** Numbers below `bound` that follow from a seed. */
export function below(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** The attributes of span number `index`, as instrumentation of a web service sets them. */
export function attributesOf(random: (bound: number) => number): Record<string, string | number | boolean> {
  return {
    "http.request.method": methods[random(methods.length)] as string,
    "http.response.status_code": statuses[random(statuses.length)] as number,
    "server.address": hosts[random(hosts.length)] as string,
    "server.port": 8080,
    "http.route": routes[random(routes.length)] as string,
    "network.protocol.name": random(2) === 0 ? "HTTP/1.1" : "HTTP/2",
    "app.cache.hit": random(2) === 0,
    "user_agent.original": random(2) === 0 ? "shop-app/7.2" : "curl/8.14.1",
    "enduser.id": `user-${100_000 + random(900_000)}`,
  };
}

/** The name of a span. */
export function nameOf(random: (bound: number) => number): string {
  return names[random(names.length)] as string;
}

/** Ended spans of the SDK, all different. */
export async function sdkSpans(count: number) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = provider.getTracer("@opentelemetry/instrumentation-http", "0.52.0");
  const random = below(20_261_128);
  for (let index = 0; index < count; index++) {
    const span = tracer.startSpan(nameOf(random), { kind: SpanKind.SERVER, attributes: attributesOf(random) });
    span.addEvent("message", { "message.type": "SENT", "message.id": random(2 ** 31) });
    if (random(20) === 0) span.setStatus({ code: SpanStatusCode.ERROR, message: "upstream connect error" });
    span.end();
  }
  await provider.forceFlush();
  return exporter.getFinishedSpans();
}

/** Emitted log records of the SDK. */
export async function sdkLogs(count: number) {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger("shop", "2.4.0");
  const random = below(20_261_129);
  for (let index = 0; index < count; index++) {
    logger.emit({
      severityNumber: 9,
      severityText: "INFO",
      body: `order ${random(1_000_000)} was placed by ${hosts[random(hosts.length)] as string}`,
      attributes: {
        "http.route": routes[random(routes.length)],
        "order.items": random(30),
        "app.cache.hit": random(2) === 0,
        "enduser.id": `user-${100_000 + random(900_000)}`,
      },
    });
  }
  await provider.forceFlush();
  return exporter.getFinishedLogRecords();
}

/** What one collection of the SDK gives: sums, gauges and histograms, `series` points each. */
export async function sdkMetrics(series: number) {
  class Reader extends MetricReader {
    protected async onForceFlush(): Promise<void> {}
    protected async onShutdown(): Promise<void> {}
  }
  const reader = new Reader({
    aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE,
    cardinalitySelector: () => series + 1,
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter("shop", "2.4.0");
  const requests = meter.createCounter("http.server.requests", { unit: "{request}" });
  const open = meter.createUpDownCounter("http.server.active_requests");
  const duration = meter.createHistogram("http.server.request.duration", { unit: "s" });
  const load = meter.createGauge("process.cpu.utilization");
  const random = below(20_261_130);
  for (let index = 0; index < series; index++) {
    const attributes = {
      "http.request.method": methods[random(methods.length)] as string,
      "server.address": hosts[random(hosts.length)] as string,
      "shard.number": index,
    };
    requests.add(1 + random(1000), attributes);
    open.add(random(20), attributes);
    load.record(random(1000) / 1000, attributes);
    for (let measured = 0; measured < 5; measured++) duration.record(random(3000) / 1000, attributes);
  }
  const { resourceMetrics } = await reader.collect();
  return resourceMetrics;
}

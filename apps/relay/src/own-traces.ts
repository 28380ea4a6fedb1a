import { compress, gzip } from "@otlpkit/compression";
import { type Middleware, pipe, type Sender } from "@otlpkit/core";
import { type Log, type Metrics, ownSpansDropped } from "@otlpkit/telemetry";
import { type OwnTraces, ratioOf } from "./settings/own-traces.ts";

/** What the relay traces of itself; every stage passes batches on as they are when it does not. */
export interface Tracing {
  /** Behind a receiver. */
  receive(receiver: string, transport: string): Middleware;
  /** Around the queue of an exporter, and behind it. */
  exporter(id: string): ExporterTrace;
  /** `trace_id` and `span_id` of what is being done. */
  ids(): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The stages of one exporter. */
export interface ExporterTrace {
  /** In front of its queue. */
  readonly enter: Middleware;
  /** Behind its queue. */
  readonly leave: Middleware;
  /** In front of everything that sending takes, retries included. */
  readonly send: Middleware;
}

const asIs: Middleware = (next) => next;

/** A relay that is not traced. */
const untraced: Tracing = {
  receive: () => asIs,
  exporter: () => ({ enter: asIs, leave: asIs, send: asIs }),
  ids: () => ({}),
  close: () => Promise.resolve(),
};

/** Begins to trace if the configuration names a place for traces. */
export async function startTracing(
  config: OwnTraces,
  { log, metrics, version }: { readonly log: Log; readonly metrics: Metrics; readonly version: string },
): Promise<Tracing> {
  const [processor] = config.processors;
  const ratio = ratioOf(config);
  if (processor === undefined || ratio === 0) return untraced;
  const { pipelineTracer } = await import("@otlpkit/telemetry/traces");
  const dropped = ownSpansDropped(metrics);
  const { exporter } = (processor.batch ?? processor.simple)!;
  const tracer = pipelineTracer({
    sender: await senderOf(exporter),
    ratio,
    resource: { "service.name": "otlpkit-relay", "service.version": version },
    timeoutMs: (exporter.otlp ?? exporter.otlp_http ?? exporter.otlp_grpc)!.timeout,
    ...(processor.batch === undefined
      ? { maxItems: 1 }
      : {
          maxItems: processor.batch.max_export_batch_size,
          maxDelayMs: processor.batch.schedule_delay,
          maxHeldItems: processor.batch.max_queue_size,
        }),
    onDropped(items, error) {
      dropped(items);
      log.warn("spans of the relay itself are lost", { items, error });
    },
  });
  return {
    receive: (receiver, transport) => tracer.receive(`receiver/${receiver}`, { receiver, transport }),
    exporter: (id) => ({
      ...tracer.wait(`queue/${id}`, { exporter: id }),
      send: tracer.send(`exporter/${id}`, { exporter: id }),
    }),
    ids: () => tracer.ids(),
    close: () => tracer.close(),
  };
}

type Exporter = NonNullable<OwnTraces["processors"][number]["simple"]>["exporter"];

/** A connection of its own, with nothing on the way that could trace or count it. */
async function senderOf({ otlp, otlp_grpc, otlp_http }: Exporter): Promise<Sender> {
  const { endpoint, headers, insecure } = (otlp ?? otlp_http ?? otlp_grpc)!;
  const url = endpoint.includes("://") ? endpoint : `${insecure ? "http" : "https"}://${endpoint}`;
  if (otlp_grpc !== undefined || otlp?.protocol === "grpc") {
    const { grpcTransport } = await import("@otlpkit/transport-grpc");
    return pipe(compress(gzip()), grpcTransport({ headers, compressors: [gzip()] }).connect({ url }));
  }
  const { httpTransport } = await import("@otlpkit/transport-http");
  // A path that is written is meant.
  const paths = new URL(url).pathname === "/" ? {} : { paths: { traces: "" } };
  return pipe(compress(gzip()), httpTransport({ headers, compressors: [gzip()], ...paths }).connect({ url }));
}

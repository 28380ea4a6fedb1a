import type { Items } from "../items.ts";
import {
  type Counts,
  NoSuchOption,
  type Outcome,
  type Protocol,
  type Subject,
  type SubjectOptions,
} from "../subject.ts";
import { timed } from "./timed.ts";

/** The result of an exporter, as the OpenTelemetry SDK has it. */
interface ExportResult {
  readonly code: 0 | 1;
  /** `data`: the body of the answer, with errors of the official exporters. */
  readonly error?: Error & { readonly data?: unknown };
}

export interface SdkExporter {
  export(objects: unknown, callback: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface SdkProcessor {
  onEnd?(span: unknown): void;
  onEmit?(log: unknown, context?: unknown): void;
  /** The OpenTelemetry SDK 3 has no options for it; ours has. */
  forceFlush(options?: { readonly timeoutMillis: number }): Promise<void>;
  shutdown(): Promise<void>;
}

/** Options of the exporter classes of OpenTelemetry JS; those for gRPC and those for HTTP in one. */
export interface ExporterConfig {
  url?: string;
  headers?: Readonly<Record<string, string>>;
  metadata?: unknown;
  credentials?: unknown;
  compression?: string;
  timeoutMillis?: number;
  concurrencyLimit?: number;
  userAgent?: string;
  httpAgentOptions?: Readonly<Record<string, unknown>>;
  selfObsMeterProvider?: unknown;
}

/** Options of the batch processors of OpenTelemetry JS. */
export interface ProcessorConfig {
  maxExportBatchSize?: number;
  maxQueueSize?: number;
  scheduledDelayMillis?: number;
  selfObsMeterProvider?: unknown;
}

/** What an SDK and its exporters bring, loaded. */
export interface SdkPackages {
  exporter(protocol: Protocol, signal: Items["signal"], config: ExporterConfig): SdkExporter;
  /** What batches, in front of an exporter that was made as above. */
  processor(signal: "traces" | "logs", exporter: SdkExporter, config: ProcessorConfig): SdkProcessor;
  /** A reader that collects what is measured and hands it to such an exporter, with the counter to measure by. */
  readMetrics(exporter: SdkExporter, maxExportBatchSize: number | undefined): MetricReading;
  /** `grpc.Metadata` and `grpc.credentials`. */
  metadata(headers: Readonly<Record<string, string>>): unknown;
  credentials(tls: NonNullable<SubjectOptions["tls"]>): unknown;
  /** Collects what exporter and processor say about themselves. */
  observe(): Observation;
}

/** Metrics are not handed over one by one, but measured and collected. */
export interface MetricReading {
  add(attributes: Readonly<Record<string, unknown>>): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** The experimental metrics of SDK and exporters about themselves. */
export interface Observation {
  readonly meterProvider: unknown;
  counts(): Promise<Counts>;
}

/** Exporters and processors of OpenTelemetry JS, put together as their documentation shows. */
export function sdkSubject(packages: SdkPackages, protocol: Protocol, options: SubjectOptions): Subject {
  const signal = options.signal ?? "traces";
  const observation = packages.observe();
  const { meterProvider } = observation;
  const config = exporterConfig(packages, protocol, options);
  const exporter = packages.exporter(protocol, signal, { ...config, selfObsMeterProvider: meterProvider });
  const way =
    signal === "metrics"
      ? readingWay(packages.readMetrics(exporter, options.maxBatchItems))
      : processorWay(packages.processor(signal, exporter, processorConfig(options, meterProvider)));
  return {
    export: (items) => exportBy(exporter, items),
    record: (items) => way.record(items),
    flush: () => timed(() => way.flush()),
    shutdown: () => timed(() => way.shutdown()),
    counts: () => observation.counts(),
  };
}

/** Hands items to an exporter and waits for its callback. */
export function exportBy(exporter: SdkExporter, { signal, objects }: Items): Promise<Outcome> {
  return timed(
    () =>
      new Promise((resolve) => {
        const batch = signal === "metrics" ? objects[0] : objects;
        exporter.export(batch, ({ code, error }) => resolve(code === 0 ? undefined : inWords(error)));
      }),
  );
}

function inWords(error: ExportResult["error"]): string {
  if (error === undefined) return "no reason";
  return typeof error.data === "string" ? `${error.message} ${error.data}` : error.message;
}

/** How items that come one by one get to an exporter. */
export interface Way {
  record(items: Items): void;
  /** `timeoutMs` is for those who know such a thing. */
  flush(timeoutMs?: number): Promise<undefined>;
  shutdown(): Promise<undefined>;
}

export function processorWay(processor: SdkProcessor): Way {
  return {
    record({ objects }) {
      for (const each of objects) {
        processor.onEnd?.(each);
        processor.onEmit?.(each);
      }
    },
    async flush(timeoutMs) {
      await processor.forceFlush(timeoutMs === undefined ? undefined : { timeoutMillis: timeoutMs });
      return undefined;
    },
    async shutdown() {
      await processor.shutdown();
      return undefined;
    },
  };
}

/** Measures each point, so that a reader may collect it. */
export function readingWay(reading: MetricReading): Way {
  return {
    record({ objects }) {
      for (const each of objects) {
        if (!("scopeMetrics" in each)) throw new TypeError("only metrics are measured");
        for (const { attributes } of each.scopeMetrics[0].metrics[0].dataPoints) reading.add(attributes);
      }
    },
    async flush() {
      await reading.forceFlush();
      return undefined;
    },
    async shutdown() {
      await reading.shutdown();
      return undefined;
    },
  };
}

const paths = { traces: "v1/traces", metrics: "v1/metrics", logs: "v1/logs" };

/** What the user says, in the words of the exporter classes. */
export function exporterConfig(
  packages: Pick<SdkPackages, "metadata" | "credentials">,
  protocol: Protocol,
  options: SubjectOptions,
): ExporterConfig {
  const { url, signalUrl, headers, compression, timeoutMs, maxConcurrent, userAgent, tls, maxConnections } = options;
  if (options.maxRequestBytes !== undefined) throw new NoSuchOption("maxRequestBytes");
  if (options.maxResponseBytes !== undefined) throw new NoSuchOption("maxResponseBytes");
  const config: ExporterConfig = {};
  const grpc = protocol === "grpc";
  if (url !== undefined) config.url = grpc ? url : `${url}/${paths[options.signal ?? "traces"]}`;
  if (signalUrl !== undefined) config.url = signalUrl;
  if (compression !== undefined) config.compression = compression;
  if (timeoutMs !== undefined) config.timeoutMillis = timeoutMs;
  if (maxConcurrent !== undefined) config.concurrencyLimit = maxConcurrent;
  if (userAgent !== undefined) config.userAgent = userAgent;
  if (headers !== undefined) {
    if (grpc) config.metadata = packages.metadata(headers);
    else config.headers = headers;
  }
  if (grpc) {
    if (tls !== undefined) config.credentials = packages.credentials(tls);
    if (maxConnections !== undefined) throw new NoSuchOption("maxConnections");
  } else if (tls !== undefined || maxConnections !== undefined) {
    config.httpAgentOptions = {
      keepAlive: true,
      ...tls,
      ...(maxConnections === undefined ? {} : { maxSockets: maxConnections }),
    };
  }
  return config;
}

function processorConfig(options: SubjectOptions, meterProvider: unknown): ProcessorConfig {
  const { maxBatchItems, maxQueueItems, maxAgeMs } = options;
  return {
    selfObsMeterProvider: meterProvider,
    ...(maxBatchItems === undefined ? {} : { maxExportBatchSize: maxBatchItems }),
    ...(maxQueueItems === undefined ? {} : { maxQueueSize: maxQueueItems }),
    ...(maxAgeMs === undefined ? {} : { scheduledDelayMillis: maxAgeMs }),
  };
}

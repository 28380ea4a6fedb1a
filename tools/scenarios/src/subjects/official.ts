import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Counts, SubjectKind } from "../subject.ts";
import { listen } from "./listening.ts";
import {
  type MetricReading,
  type Observation,
  type SdkExporter,
  type SdkPackages,
  type SdkProcessor,
  sdkSubject,
} from "./sdk.ts";

// Loaded from the packages of `tools/otel-gen2` and `tools/otel-gen3`, so that each generation keeps its versions.

type Constructor<Made> = new (...args: unknown[]) => Made;
type Loaded = Readonly<Record<string, unknown>>;

const nameOfSignal = { traces: "trace", metrics: "metrics", logs: "logs" };
const classOfSignal = { traces: "OTLPTraceExporter", metrics: "OTLPMetricExporter", logs: "OTLPLogExporter" };
const nameOfProtocol = { grpc: "grpc", "http/protobuf": "proto", "http/json": "http" };

/** The exporters and processors of OpenTelemetry JS of that generation. */
export function official(generation: 2 | 3): SubjectKind {
  const { load, manifest } = loaderOf(generation);
  const packages = sdkPackages(load, generation);
  listen(load("@opentelemetry/api") as Parameters<typeof listen>[0]);
  const { dependencies } = load("./package.json") as { readonly dependencies: Readonly<Record<string, string>> };
  return {
    name: `official ${generation}`,
    version: dependencies["@opentelemetry/otlp-exporter-base"] ?? "?",
    processorCallsExporter: true,
    make: (protocol, options) => sdkSubject(packages, protocol, options),
    start: { importFirst: import.meta.resolve("../program/start-node-sdk.ts"), apiFrom: fileURLToPath(manifest) },
  };
}

/** Loads packages of that generation, and where they are named. */
export function loaderOf(generation: 2 | 3): { readonly load: NodeJS.Require; readonly manifest: string } {
  const manifest =
    generation === 3
      ? import.meta.resolve("@otlpkit/tool-otel-gen3/package.json")
      : import.meta.resolve("@otlpkit/tool-otel-gen2/package.json");
  return { load: createRequire(manifest), manifest };
}

/** The SDK of that generation with its exporters. */
export function sdkPackages(load: NodeJS.Require, generation: 2 | 3): SdkPackages {
  const from = (name: string): Loaded => load(`@opentelemetry/${name}`) as Loaded;
  let grpc: Loaded | undefined;
  // The copy that the exporters use: they take only credentials of their own.
  function grpcJs(): Loaded {
    const exporter = createRequire(load.resolve("@opentelemetry/exporter-trace-otlp-grpc"));
    return (grpc ??= createRequire(exporter.resolve("@opentelemetry/otlp-grpc-exporter-base"))(
      "@grpc/grpc-js",
    ) as Loaded);
  }
  return {
    exporter(protocol, signal, config) {
      const name = `exporter-${nameOfSignal[signal]}-otlp-${nameOfProtocol[protocol]}`;
      return new (from(name)[classOfSignal[signal]] as Constructor<SdkExporter>)(config);
    },
    processor: (signal, exporter, config) => officialProcessor(from, generation, signal, exporter, config),
    metadata(headers) {
      const { Metadata } = grpcJs() as { readonly Metadata: Constructor<{ set(name: string, value: string): void }> };
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      return metadata;
    },
    credentials({ ca, cert, key }) {
      const { credentials } = grpcJs() as { readonly credentials: { createSsl(...pems: unknown[]): unknown } };
      const bytes = (pem: string | undefined): Buffer | undefined => (pem === undefined ? undefined : Buffer.from(pem));
      return credentials.createSsl(Buffer.from(ca), bytes(key), bytes(cert));
    },
    readMetrics: (exporter, maxExportBatchSize) => metricReading(from("sdk-metrics"), exporter, maxExportBatchSize),
    observe: () => observation(from("sdk-metrics")),
  };
}

/** The batch processors moved and changed their arguments between the generations. */
function officialProcessor(
  from: (name: string) => Loaded,
  generation: 2 | 3,
  signal: "traces" | "logs",
  exporter: SdkExporter,
  config: object,
): SdkProcessor {
  if (signal === "logs") {
    return new (from("sdk-logs")["BatchLogRecordProcessor"] as Constructor<SdkProcessor>)({ exporter, ...config });
  }
  if (generation === 3) {
    return new (from("sdk-trace")["BatchSpanProcessor"] as Constructor<SdkProcessor>)({ exporter, ...config });
  }
  return new (from("sdk-trace-base")["BatchSpanProcessor"] as Constructor<SdkProcessor>)(exporter, config);
}

interface MeterProvider {
  getMeter(name: string): { createCounter(name: string): { add(value: 1, attributes: object): void } };
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

function metricReading(
  sdkMetrics: Loaded,
  exporter: SdkExporter,
  maxExportBatchSize: number | undefined,
): MetricReading {
  const { PeriodicExportingMetricReader, MeterProvider } = sdkMetrics as {
    readonly PeriodicExportingMetricReader: Constructor<unknown>;
    readonly MeterProvider: Constructor<MeterProvider>;
  };
  const readers = [new PeriodicExportingMetricReader({ exporter, maxExportBatchSize })];
  const provider = new MeterProvider({ readers });
  const counter = provider.getMeter("scenarios").createCounter("requests");
  return {
    add: (attributes) => counter.add(1, attributes),
    forceFlush: () => provider.forceFlush(),
    shutdown: () => provider.shutdown(),
  };
}

interface CollectedMetrics {
  readonly resourceMetrics: {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly descriptor: { readonly name: string };
        readonly dataPoints: readonly {
          readonly value: number;
          readonly attributes: Readonly<Record<string, unknown>>;
        }[];
      }[];
    }[];
  };
}

/** Reads the counters that exporter and processor keep when they are given a meter provider. */
function observation(sdkMetrics: Loaded): Observation {
  abstract class Reader {
    declare collect: () => Promise<CollectedMetrics>;
  }
  const { MetricReader, MeterProvider } = sdkMetrics as {
    readonly MetricReader: typeof Reader;
    readonly MeterProvider: Constructor<unknown>;
  };
  class Reading extends MetricReader {
    onForceFlush = (): Promise<void> => Promise.resolve();
    onShutdown = (): Promise<void> => Promise.resolve();
  }
  const reader = new Reading();
  const meterProvider = new MeterProvider({ readers: [reader] });
  return {
    meterProvider,
    async counts() {
      const { resourceMetrics } = await reader.collect();
      const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      let delivered: number | undefined;
      let lost: number | undefined;
      for (const { descriptor, dataPoints } of metrics) {
        for (const { value, attributes } of dataPoints) {
          const failed = attributes["error.type"];
          if (/\.exporter\..*\.exported$/.test(descriptor.name)) {
            if (failed === undefined) delivered = (delivered ?? 0) + value;
            else lost = (lost ?? 0) + value;
          } else if (/\.processor\..*\.processed$/.test(descriptor.name) && failed === "queue_full") {
            lost = (lost ?? 0) + value;
          }
        }
      }
      return { delivered: delivered ?? 0, lost: lost ?? 0 } satisfies Counts;
    },
  };
}

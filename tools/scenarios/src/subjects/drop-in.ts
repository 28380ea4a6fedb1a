import { type ClientOptions, createClient } from "@otlpkit/client";
import * as grpc from "@otlpkit/opentelemetry-grpc";
import * as json from "@otlpkit/opentelemetry-http";
import * as proto from "@otlpkit/opentelemetry-proto";
import protoPackage from "@otlpkit/opentelemetry-proto/package.json" with { type: "json" };
import type { Protocol, Subject, SubjectKind, SubjectOptions } from "../subject.ts";
import { countsOf, optionsFrom } from "./client.ts";
import { listen } from "./listening.ts";
import { loaderOf, sdkPackages } from "./official.ts";
import {
  type ExporterConfig,
  exportBy,
  exporterConfig,
  processorWay,
  readingWay,
  type SdkExporter,
  type SdkPackages,
} from "./sdk.ts";
import { timed } from "./timed.ts";

/**
 * `@otlpkit/opentelemetry-*` in a program with the OpenTelemetry SDK: the exporters with the options of the official ones
 * for what is exported at once, the processors on a client for the rest, the SDK's own metric reader for metrics.
 */
export function dropIn(): SubjectKind {
  const { load } = loaderOf(3);
  listen(load("@opentelemetry/api") as Parameters<typeof listen>[0]);
  const sdk = sdkPackages(load, 3);
  return {
    name: "drop-in",
    version: protoPackage.version,
    processorCallsExporter: false,
    make: (protocol, options, report) => dropInSubject(sdk, protocol, options, report),
    start: undefined,
  };
}

const packages = { grpc, "http/protobuf": proto, "http/json": json };

function dropInSubject(
  sdk: SdkPackages,
  protocol: Protocol,
  options: SubjectOptions,
  report: (line: string) => void,
): Subject {
  const { signal = "traces" } = options;
  const shared = createClient(withProcessEnvironment(optionsFrom(protocol, options, report)));
  const exporter = dropInExporter(sdk, protocol, options);
  const { OtlpLogRecordProcessor, OtlpSpanProcessor } = packages[protocol];
  const way =
    signal === "metrics"
      ? readingWay(sdk.readMetrics(exporter, options.maxBatchItems))
      : processorWay(signal === "logs" ? new OtlpLogRecordProcessor(shared) : new OtlpSpanProcessor(shared));
  return {
    export: (items) => exportBy(exporter, items),
    record: (items) => way.record(items),
    flush: (timeoutMs) => timed(() => way.flush(timeoutMs)),
    shutdown: (timeoutMs) =>
      timed(async () => {
        const ended = shared.close(timeoutMs === undefined ? {} : { timeoutMs });
        await Promise.all([way.shutdown(), exporter.shutdown(), ended]);
        return undefined;
      }),
    counts: () => Promise.resolve(countsOf(shared)),
  };
}

/** As users make them: with the environment of the process. */
function withProcessEnvironment(given: ClientOptions): ClientOptions {
  const { environment: _, onWarning: __, ...options } = given;
  return options;
}

function dropInExporter(sdk: SdkPackages, protocol: Protocol, options: SubjectOptions): SdkExporter {
  const { maxRequestBytes, maxResponseBytes, maxConnections, tls, ...usual } = options;
  // What official users say by an agent; and what their exporters have no word for, or can't say in gRPC.
  const agent = protocol !== "grpc" && tls !== undefined ? { tls } : {};
  const config: ExporterConfig = {
    ...exporterConfig(sdk, protocol, { ...usual, ...agent }),
    ...(protocol === "grpc" && tls !== undefined ? { tls } : {}),
    ...(maxConnections === undefined ? {} : { concurrencyLimit: maxConnections }),
    ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
    ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
  };
  const { OTLPLogExporter, OTLPMetricExporter, OTLPTraceExporter } = packages[protocol];
  const Exporter = { traces: OTLPTraceExporter, logs: OTLPLogExporter, metrics: OTLPMetricExporter }[
    options.signal ?? "traces"
  ];
  return new Exporter(config as object);
}

// A program that tells the OpenTelemetry API what `SCENARIO_DEEDS` says, and knows nothing of who carries it away.
import { createRequire } from "node:module";
import type { Deeds } from "./start-program.ts";

interface Api {
  readonly trace: { getTracer(name: string): { startSpan(name: string, options: object): { end(): void } } };
  readonly metrics: {
    getMeter(name: string): {
      createCounter(name: string): { add(value: number): void };
      createUpDownCounter(name: string): { add(value: number): void };
      createHistogram(name: string): { record(value: number): void };
    };
  };
  readonly logs?: LogsApi;
}

interface LogsApi {
  getLogger(name: string): { emit(record: object): void };
}

const load = createRequire(process.env["SCENARIO_API"] ?? "");
const api = load("@opentelemetry/api") as Api;
/** A package of its own before version 1.10 of the API. */
const logs = api.logs ?? (load("@opentelemetry/api-logs") as { readonly logs: LogsApi }).logs;
const deeds = JSON.parse(process.env["SCENARIO_DEEDS"] ?? "{}") as Deeds;

const attributes = Object.fromEntries(
  Array.from({ length: deeds.attributes ?? 1 }, (_, n) => [`key.${n}`, `value ${n}`]),
);
const tracer = api.trace.getTracer("program");
for (let n = 0; n < (deeds.spans ?? 0); n++) tracer.startSpan(`operation ${n}`, { attributes }).end();
const logger = logs.getLogger("program");
for (let n = 0; n < (deeds.logs ?? 0); n++) logger.emit({ severityNumber: 9, body: `something happened ${n}` });
if (deeds.metrics) {
  const meter = api.metrics.getMeter("program");
  meter.createCounter("requests").add(1);
  meter.createUpDownCounter("open").add(1);
  meter.createHistogram("duration").record(12);
}
setTimeout(() => {}, deeds.aliveMs ?? 0);

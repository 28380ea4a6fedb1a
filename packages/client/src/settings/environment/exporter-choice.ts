import type { Variables } from "./variables.ts";

/** Where telemetry can be sent by name. */
export type ExporterName = "otlp" | "console";

const names: readonly (ExporterName | "none")[] = ["otlp", "console", "none"];

/** What `OTEL_TRACES_EXPORTER` and its like list, each once (I-34). Default "otlp"; where "none" is in the list, none. */
export function exportersIn(read: Variables, signal: "traces" | "metrics" | "logs"): readonly ExporterName[] {
  const listed = read.several(`OTEL_${signal.toUpperCase()}_EXPORTER`, names) ?? ["otlp"];
  return listed.includes("none") ? [] : listed.filter((name) => name !== "none");
}

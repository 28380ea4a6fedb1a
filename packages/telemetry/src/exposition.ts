import type { MetricFamily, Sample } from "./metrics.ts";

/** A page of metrics and how to label it. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/**
 * Writes metrics for whoever asks: OpenMetrics 1.0.0 if `accept` names it, else the Prometheus text format 0.0.4.
 *
 * The names are the same in both, as dashboards for the Collector expect them, without `_total`. OpenMetrics wants that
 * suffix on counters, so there a counter without it is a family of type "unknown", which may be called anything.
 */
export function expose(families: readonly MetricFamily[], accept = ""): Exposition {
  const open = accept.includes("application/openmetrics-text");
  const lines = families.flatMap(({ name, help, type, unit, samples }) => [
    `# HELP ${name} ${escapeHelp(help, open)}`,
    `# TYPE ${name} ${open && type === "counter" ? "unknown" : type}`,
    // A unit must be what the name ends in, and some of the Collector's names end otherwise.
    ...(open && name.endsWith(`_${unit}`) ? [`# UNIT ${name} ${unit}`] : []),
    ...samples.map((sample) => `${name}${sample.suffix}${writeLabels(sample, open)} ${writeNumber(sample.value)}`),
  ]);
  if (open) lines.push("# EOF");
  return {
    contentType: open
      ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
      : "text/plain; version=0.0.4; charset=utf-8",
    body: `${lines.join("\n")}\n`,
  };
}

function writeLabels({ labels, bound }: Sample, open: boolean): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  if (bound !== undefined) pairs.push(`le="${open ? writeFloat(bound) : writeNumber(bound)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function writeNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/** As OpenMetrics wants upper bounds, which are compared as texts: 10.0, 0.005, 2.5e+06. */
function writeFloat(value: number): string {
  if (!Number.isFinite(value)) return writeNumber(value);
  const text = Math.abs(value) >= 1e6 ? value.toExponential() : String(value);
  const [mantissa, exponent = ""] = text.split("e");
  if (exponent === "") return text.includes(".") ? text : `${text}.0`;
  return `${mantissa}e${exponent.replace(/^([+-])(\d)$/u, "$10$2")}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(help: string, open: boolean): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return open ? escaped.replaceAll('"', '\\"') : escaped;
}

import type { Labels, MetricFamily } from "./metrics.ts";

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
  const lines = families.flatMap(({ name, help, type, samples }) => [
    `# HELP ${name} ${escapeHelp(help, open)}`,
    `# TYPE ${name} ${open && type === "counter" ? "unknown" : type}`,
    ...samples.map(({ suffix, labels, value }) => `${name}${suffix}${writeLabels(labels)} ${writeNumber(value)}`),
  ]);
  if (open) lines.push("# EOF");
  return {
    contentType: open
      ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
      : "text/plain; version=0.0.4; charset=utf-8",
    body: `${lines.join("\n")}\n`,
  };
}

function writeLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function writeNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(help: string, open: boolean): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return open ? escaped.replaceAll('"', '\\"') : escaped;
}

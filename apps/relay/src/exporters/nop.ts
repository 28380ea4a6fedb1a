import { section } from "@otlpkit/config";
import { accepted, definePlugin } from "@otlpkit/core";
import { exporterMetrics } from "@otlpkit/telemetry";
import type { Destination, ExporterContext } from "../component.ts";

/** `nop`: takes everything and keeps nothing; for measuring what is in front of it. */
export const nopExporter = definePlugin({
  kind: "exporter",
  names: ["nop"],
  config: section({}),
  create(_config, { id, metrics }: ExporterContext): Destination {
    const nowhere = { send: () => Promise.resolve(accepted), close: () => Promise.resolve() };
    return { sender: exporterMetrics(metrics, { exporter: id })(nowhere), label: "nop", target: "nowhere", notes: [] };
  },
});

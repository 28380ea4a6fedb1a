import { section } from "@otlpkit/config";
import { accepted, definePlugin } from "@otlpkit/core";
import { accounted } from "../accounted.ts";
import type { Destination, ExporterContext } from "../component.ts";

/** `nop`: takes everything and keeps nothing; for measuring what is in front of it. */
export const nopExporter = definePlugin({
  kind: "exporter",
  names: ["nop"],
  config: section({}),
  create(_config, context: ExporterContext): Destination {
    const nowhere = { send: () => Promise.resolve(accepted), close: () => Promise.resolve() };
    return { sender: accounted(context)(nowhere), label: "nop", target: "nowhere", notes: [] };
  },
});

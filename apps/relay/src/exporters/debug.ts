import { choice, duration, flag, ignored, integer, list, or, section, text } from "@otlpkit/config";
import { accepted, type Batch, definePlugin, type Sender, signals } from "@otlpkit/core";
import { protobufToJson } from "@otlpkit/otlp";
import { accounted } from "../accounted.ts";
import type { Destination, ExporterContext } from "../component.ts";
import { itemLines } from "./debug-items.ts";

const config = section({
  verbosity: or(choice("basic", "normal", "detailed"), "basic"),
  sampling_initial: or(integer({ min: 0 }), 2),
  sampling_thereafter: or(integer({ min: 0 }), 1),
  use_internal_logger: or(flag, true),
  output_paths: list(text),
  sending_queue: ignored("nothing waits here"),
  timeout: ignored("nothing waits here"),
  sampling_interval: or(duration, 1000),
});

/** `debug`: shows what comes by, on standard output. */
export const debugExporter = definePlugin({
  kind: "exporter",
  names: ["debug"],
  config,
  create(settings, context: ExporterContext): Destination {
    const sampled = sampler(settings.sampling_initial, settings.sampling_thereafter);
    const sender: Sender = {
      async send(batch) {
        if (sampled(Date.now())) process.stdout.write(`${shown(batch, settings.verbosity)}\n`);
        return accepted;
      },
      close: () => Promise.resolve(),
    };
    return {
      sender: accounted(context)(sender),
      label: "debug",
      target: `standard output, ${settings.verbosity}`,
      notes: [],
    };
  },
});

/** The first `initial` of each second, then every `thereafter`-th, as the Collector's log does; 0 is none of them. */
function sampler(initial: number, thereafter: number): (nowMs: number) => boolean {
  let second = 0;
  let count = 0;
  return (nowMs) => {
    const current = Math.floor(nowMs / 1000);
    if (current !== second) [second, count] = [current, 0];
    count++;
    if (count <= initial) return true;
    return thereafter > 0 && (count - initial) % thereafter === 0;
  };
}

function shown(batch: Batch, verbosity: "basic" | "normal" | "detailed"): string {
  const summary = `${batch.signal}: ${batch.items} ${signals[batch.signal].items}, ${batch.body.byteLength} bytes`;
  if (verbosity === "basic") return summary;
  const json: unknown = JSON.parse(new TextDecoder().decode(protobufToJson(batch.signal, batch.body)));
  if (verbosity === "detailed") return `${summary}\n${JSON.stringify(json, null, 2)}`;
  return [summary, ...itemLines(batch.signal, json)].join("\n");
}

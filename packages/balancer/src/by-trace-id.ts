import { visitTraceIds } from "@otlpkit/otlp";
import type { Batch } from "@otlpkit/core";
import { byResource } from "./by-resource.ts";
import { hashWords } from "./hash.ts";
import type { Key } from "./key.ts";

/**
 * All spans and log records of a trace go to one endpoint, as sampling by whole traces wants it. What has no trace id,
 * metrics among it, goes by `otherwise`; default: by its service, as the Collector's exporter does for metrics.
 */
export function byTraceId(otherwise: Key = byResource()): Key {
  return {
    name: "trace-id",
    differsByItem: true,
    first(batch) {
      const { signal } = batch;
      if (signal !== "traces" && signal !== "logs") return undefined;
      const [first] = hashesOf(signal, batch);
      return first === without ? undefined : first;
    },
    of(batch) {
      const { signal } = batch;
      const other = otherwise.of(batch);
      if (signal !== "traces" && signal !== "logs") return other;
      const hashes = hashesOf(signal, batch);
      return (item) => {
        const hash = hashes[item?.position ?? 0] as number;
        return hash === without ? other(item) : hash;
      };
    },
  };
}

const without = -1;

/** In one pass over the bytes, which takes some nanoseconds a span. */
function hashesOf(signal: "traces" | "logs", { body }: Batch): readonly number[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const hashes: number[] = [];
  visitTraceIds(signal, body, (idAt) => {
    hashes.push(idAt === -1 ? without : hashWords(view, idAt));
  });
  return hashes;
}

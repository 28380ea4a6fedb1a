import { fileURLToPath } from "node:url";
import type { Batch } from "@otlpkit/core";
import { seeded } from "@otlpkit/testkit";
import protobuf from "protobufjs";

/** 290 spans of about 447 bytes: what a busy service exports at one time. */
export const bigItems = 290;
/** 4 spans: what an idle one exports. */
export const smallItems = 4;

/** The request that every benchmark works on, the same in every process. */
export function traces(items: number): Batch {
  return seeded(20_261_122).traces({ items });
}

/** The trace request as protobufjs knows it, with the decoder and encoder that it generates. */
export function protobufjsTraces(): protobuf.Type {
  const proto = fileURLToPath(new URL("../../../proto/", import.meta.url));
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => (target.startsWith("/") ? target : proto + target);
  root.loadSync("opentelemetry/proto/collector/trace/v1/trace_service.proto");
  return root.lookupType("opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest");
}

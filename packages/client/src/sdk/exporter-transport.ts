import { ExportError, type Format, protobufBatch, type Signal } from "@otlpkit/core";
import { encodeReply } from "@otlpkit/otlp/replies";
import type { OtlpClient } from "../otlp-client.ts";

/** `IExporterTransport` of `@opentelemetry/otlp-exporter-base`. */
export interface ExporterTransport {
  send(data: Uint8Array, timeoutMillis: number): Promise<ExportResponse>;
  shutdown(): void;
}

/** `ExportResponse` of the same package. */
export type ExportResponse =
  | { status: "success"; data?: Uint8Array }
  | { status: "failure"; error: Error }
  | { status: "retryable"; error?: Error };

/**
 * Lets a client carry what the official exporters have serialized: goes into `createOtlpNetworkExportDelegate`. `format`
 * is that of their serializer; on the wire goes what the client was told. `shutdown` closes the client.
 */
export function exporterTransport(
  client: Pick<OtlpClient, "send" | "close">,
  signal: Signal,
  format: Format = "protobuf",
): ExporterTransport {
  return {
    async send(data, timeoutMillis) {
      try {
        const { body, items } = await read(signal, data, format);
        const deadline = performance.now() + timeoutMillis;
        const ack = await client.send(protobufBatch(signal, body, items), { deadline });
        return { status: "success", data: encodeReply(signal, ack, format) };
      } catch (thrown) {
        const error = ExportError.from(thrown, `cannot send ${signal}`);
        return { status: error.retryable ? "retryable" : "failure", error };
      }
    },
    shutdown() {
      void client.close();
    },
  };
}

/** What reads requests is loaded here: whoever has our exporters does not need it. */
async function read(signal: Signal, data: Uint8Array, format: Format): Promise<{ body: Uint8Array; items: number }> {
  const { jsonToProtobuf, scan } = await import("@otlpkit/otlp");
  return format === "json" ? jsonToProtobuf(signal, data) : { body: data, items: scan(signal, data) };
}

import type { Format } from "@otlpkit/core";
import { protobufWriter } from "../protobuf.ts";

const text = new TextEncoder();

/** An Export response, by hand. Full success is zero bytes of protobuf or `{}`. */
export function exportReply(
  format: Format,
  rejectedItems: number | undefined,
  message: string | undefined,
  field: string,
): Uint8Array {
  const partial = rejectedItems !== undefined || message !== undefined;
  if (format === "json") {
    const partialSuccess = {
      ...(rejectedItems ? { [field]: String(rejectedItems) } : {}),
      ...(message ? { errorMessage: message } : {}),
    };
    return text.encode(JSON.stringify(partial ? { partialSuccess } : {}));
  }
  const writer = protobufWriter();
  if (partial) {
    writer.message(1, () => {
      if (rejectedItems) writer.uint(1, rejectedItems);
      if (message) writer.string(2, message);
    });
  }
  return writer.finish();
}

/** The name of the rejected count in JSON, which is different for each signal. */
export const rejectedField: Readonly<Record<string, string>> = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
  profiles: "rejectedProfiles",
};

/** A `google.rpc.Status`, by hand; `retryAfterMs`, when given, as RetryInfo (K-05). */
export function statusReply(format: Format, code: number, message: string, retryAfterMs?: number): Uint8Array {
  const type = "type.googleapis.com/google.rpc.RetryInfo";
  if (format === "json") {
    const details =
      retryAfterMs === undefined ? {} : { details: [{ "@type": type, retryDelay: `${retryAfterMs / 1000}s` }] };
    return text.encode(JSON.stringify({ code, message, ...details }));
  }
  const writer = protobufWriter();
  if (code !== 0) writer.uint(1, code);
  if (message !== "") writer.string(2, message);
  if (retryAfterMs !== undefined) {
    writer.message(3, () => {
      writer.string(1, type);
      writer.message(2, () =>
        writer.message(1, () => {
          const seconds = Math.floor(retryAfterMs / 1000);
          const nanos = Math.round((retryAfterMs - seconds * 1000) * 1e6);
          if (seconds > 0) writer.uint(1, seconds);
          if (nanos > 0) writer.uint(2, nanos);
        }),
      );
    });
  }
  return writer.finish();
}

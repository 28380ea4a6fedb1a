import type { Format } from "@otlpkit/core";
import { walk } from "../../protobuf.ts";

/** A `google.rpc.Status`, read by hand. */
export interface ReadStatus {
  readonly code: number;
  readonly message: string;
  /** RetryInfo's delay; undefined when there is no RetryInfo. */
  readonly retryAfterMs: number | undefined;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Throws when the bytes are no Status. */
export function readStatus(body: Uint8Array, format: Format): ReadStatus {
  if (format === "json") {
    const { code = 0, message = "", ...rest } = JSON.parse(decoder.decode(body)) as Record<string, unknown>;
    const stray = Object.keys(rest).find((key) => key !== "details");
    if (typeof code !== "number" || typeof message !== "string" || stray !== undefined) {
      throw new Error("the JSON is not a google.rpc.Status");
    }
    return { code, message, retryAfterMs: undefined };
  }
  let code = 0;
  let message = "";
  let retryAfterMs: number | undefined;
  walk(body, (field, wire, start, end) => {
    if (field === 1 && wire === 0) code = number(body, start);
    else if (field === 2 && wire === 2) message = decoder.decode(body.subarray(start, end));
    else if (field === 3 && wire === 2) retryAfterMs = retryDelay(body.subarray(start, end)) ?? retryAfterMs;
    else throw new Error(`field ${field} is not of google.rpc.Status`);
  });
  return { code, message, retryAfterMs };
}

function retryDelay(any: Uint8Array): number | undefined {
  let type = "";
  let value = new Uint8Array();
  walk(any, (field, _, start, end) => {
    if (field === 1) type = decoder.decode(any.subarray(start, end));
    if (field === 2) value = any.slice(start, end);
  });
  if (!type.endsWith("/google.rpc.RetryInfo")) return undefined;
  let ms = 0;
  walk(value, (field, _, from, to) => {
    if (field !== 1) return;
    const duration = value.subarray(from, to);
    walk(
      duration,
      (part, __, start) => (ms += part === 1 ? number(duration, start) * 1000 : number(duration, start) / 1e6),
    );
  });
  return ms;
}

function number(body: Uint8Array, start: number): number {
  let value = 0;
  for (let at = start, factor = 1; ; at++, factor *= 128) {
    const byte = body[at] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) return value;
  }
}

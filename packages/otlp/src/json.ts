import { ExportError, type Middleware, middleware, type Signal } from "@otlpkit/core";
import { decode } from "./decode.ts";
import { requestNames } from "./generated/schema.ts";
import { transcode } from "./json-decode.ts";
import { protobufToJsonDirectly } from "./json-direct.ts";
import { toJsonText } from "./json-encode.ts";
import { layoutOf } from "./layout.ts";

/**
 * Turns an Export request in OTLP/JSON into protobuf, canonical as `encode` writes it, and counts its items.
 *
 * Takes what the protocol lets senders write: 64-bit integers as strings or numbers without loss, whole numbers like
 * `1e3`, quoted numbers, ids in either case of hex, base64 of either alphabet, `null` for absent, unknown keys anywhere.
 * Ids of a wrong length pass unchanged, for a backend to judge (M-13).
 *
 * Throws `ExportError` "invalid", naming the path and the byte, for all else: text that is not JSON or not UTF-8 (half
 * surrogate pairs included), wrong types, numbers out of range, enum names, ids in base64, two arms of a oneof, a known
 * key twice, and more than 100 messages inside each other.
 */
export function jsonToProtobuf(
  signal: Signal,
  json: Uint8Array,
): { readonly body: Uint8Array; readonly items: number } {
  return transcode(requestNames[signal], json);
}

/**
 * Turns an Export request in protobuf into one line of OTLP/JSON in UTF-8, without a newline at the end: ids as
 * lower-case hex, other bytes as base64, enums as numbers, 64-bit integers as strings. Unknown fields are left out, JSON
 * has no place for them. Throws `ExportError` "invalid" for damaged bytes.
 */
export function protobufToJson(signal: Signal, body: Uint8Array): Uint8Array {
  const name = requestNames[signal];
  return (
    protobufToJsonDirectly(name, body) ?? new TextEncoder().encode(toJsonText(layoutOf(name), decode(signal, body)))
  );
}

/**
 * A stage that turns protobuf batches into JSON, for backends that take nothing else. It stands before `compress`;
 * behind it, a compressed batch ends with `ExportError` "unsupported".
 */
export function toJson(): Middleware {
  return middleware(async (batch, options, next) => {
    if (batch.format === "json") return next(batch, options);
    if (batch.encoding !== "identity") {
      throw new ExportError(
        "unsupported",
        `cannot turn a batch compressed with ${batch.encoding} into JSON; put toJson() before compress()`,
      );
    }
    return next({ ...batch, format: "json", body: protobufToJson(batch.signal, batch.body) }, options);
  });
}

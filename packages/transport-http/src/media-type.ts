import type { Format } from "@otlpkit/core";

/** The content type of each format (C-02, C-03). */
export const contentTypes: Readonly<Record<Format, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/**
 * Reads a `Content-Type`. Only the media type counts: parameters and letter case do not (D-05). Undefined for anything
 * that is not OTLP; `application/protobuf` is not, as OTLP names `application/x-protobuf` only (K-04).
 */
export function formatOf(contentType: string | undefined): Format | undefined {
  if (contentType === undefined) return undefined;
  // The two spellings that nearly everybody sends, without taking them apart.
  if (contentType === contentTypes.protobuf) return "protobuf";
  if (contentType === contentTypes.json) return "json";
  const end = contentType.indexOf(";");
  const type = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return type === contentTypes.protobuf ? "protobuf" : type === contentTypes.json ? "json" : undefined;
}

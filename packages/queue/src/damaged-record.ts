import { ExportError } from "@otlpkit/core";
import type { Segment } from "./catalog.ts";

/** What is thrown for a record that is not as it was written. */
export function damagedRecord(segment: Segment, sequence: number, why: string): ExportError {
  return new ExportError("invalid", `cannot read record ${sequence} of ${segment.name}: ${why}`);
}

import { ExportError } from "@otlpkit/core";
import type { Segment } from "./catalog.ts";
import type { QueueEvent } from "./events.ts";
import type { Reader } from "./reader.ts";

/** Segments whose key is missing or wrong: they stay as they are and wait for another start. */
export interface Lockouts {
  /** Sees whether a segment can be opened. */
  readonly tryKey: (segment: Segment) => Promise<void>;
  /** It can't. */
  readonly lockOut: (segment: Segment, error: ExportError) => void;
}

export interface LockoutsOptions {
  readonly records: Reader;
  readonly onEvent: (event: QueueEvent) => void;
  /** Told before a segment is locked out, while what it holds is still to be delivered. */
  readonly onLockedOut: (segment: Segment) => void;
}

export function lockouts({ records, onEvent, onLockedOut }: LockoutsOptions): Lockouts {
  function lockOut(segment: Segment, error: ExportError): void {
    if (segment.lockedOut !== undefined) return;
    onLockedOut(segment);
    segment.lockedOut = error;
    onEvent({ kind: "locked-out", segment: segment.name, error });
  }
  return {
    lockOut,
    async tryKey(segment) {
      try {
        await records.unlock(segment);
      } catch (error) {
        // Anything else is seen to when its records are read.
        if (ExportError.is(error) && error.code === "forbidden") lockOut(segment, error);
      }
    },
  };
}

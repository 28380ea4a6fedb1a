import type { ExportError, Signal } from "@otlpkit/core";

/** Batches and the items in them. */
export interface Amount {
  readonly batches: number;
  readonly items: number;
}

/** Why a batch will not be delivered. */
export type DropReason =
  /** There was no room, and `whenFull` is "drop-oldest". */
  | "full"
  /** It was older than `maxAgeMs`. */
  | "expired"
  /** Somebody removed it, or its consumer. */
  | "removed"
  /** The file was damaged. */
  | "damaged";

/** What a queue tells while it works. */
export type QueueEvent =
  | {
      readonly kind: "stored";
      readonly signal: Signal;
      readonly tenant: string | undefined;
      readonly items: number;
      readonly bytes: number;
    }
  | {
      /** `send` failed; nothing of it counts as accepted. */
      readonly kind: "refused";
      readonly signal: Signal;
      readonly tenant: string | undefined;
      readonly items: number;
      readonly error: ExportError;
    }
  | {
      /** The destination answered. `items` without those rejected. */
      readonly kind: "delivered";
      readonly consumer: string;
      readonly signal: Signal;
      readonly tenant: string | undefined;
      readonly items: number;
      readonly rejectedItems: number;
      /** What the destination said, mostly "". */
      readonly message: string;
      /** From acceptance to answer, by the wall clock; never below 0. */
      readonly ageMs: number;
      /** It had been begun before a crash, so the destination may have it twice. */
      readonly repeated: boolean;
    }
  | {
      /** An attempt failed, and there will be another. */
      readonly kind: "failed";
      readonly consumer: string;
      readonly tenant: string | undefined;
      readonly sequence: number;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: ExportError;
    }
  | {
      /** Refused for good: kept as a dead letter, or rejected where none are kept. */
      readonly kind: "dead-lettered" | "rejected";
      readonly consumer: string;
      readonly signal: Signal;
      readonly tenant: string | undefined;
      readonly sequence: number;
      readonly items: number;
      readonly error: ExportError;
    }
  | {
      readonly kind: "dropped";
      readonly consumer: string;
      readonly tenant: string | undefined;
      readonly reason: DropReason;
      readonly batches: number;
      readonly items: number;
    }
  | {
      /** Dead letters went because there were more than `deadLetterBytes`. */
      readonly kind: "dead-letters-dropped";
      readonly batches: number;
      readonly items: number;
    }
  | {
      /** Bytes that are no record were found, skipped, and kept aside in `file` unless there was no room for them. */
      readonly kind: "damage";
      readonly segment: string;
      readonly offset: number;
      readonly bytes: number;
      readonly file: string | undefined;
    }
  | {
      /** A segment can't be read for want of its key, and stays as it is. */
      readonly kind: "locked-out";
      readonly segment: string;
      readonly error: ExportError;
    }
  | {
      /** The disk failed or is full. Nothing that was answered is lost; what was under way failed. */
      readonly kind: "disk-failed";
      readonly attempted: string;
      readonly error: unknown;
    }
  | { readonly kind: "disk-works-again" };

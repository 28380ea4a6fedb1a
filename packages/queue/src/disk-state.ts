import { ExportError } from "@otlpkit/core";
import { diskRefusal, diskRetryMs } from "./disk-refusal.ts";
import type { QueueEvent } from "./events.ts";

/** Whether the disk takes anything. After a failure one write at a time finds out. */
export interface DiskState {
  readonly error: unknown;
  readonly failed: (attempted: string, error: unknown) => void;
  works(): void;
  /** Why nothing may be written now, and until when. */
  readonly stopped: () => { readonly error: ExportError; readonly untilMs: number } | undefined;
}

export function diskState(now: () => number, onEvent: (event: QueueEvent) => void): DiskState {
  let failure: { readonly attempted: string; readonly error: unknown; readonly untilMs: number } | undefined;
  return {
    get error() {
      return failure?.error;
    },
    failed(attempted, error) {
      failure = { attempted, error, untilMs: now() + diskRetryMs };
      onEvent({ kind: "disk-failed", attempted, error });
    },
    works() {
      if (failure === undefined) return;
      failure = undefined;
      onEvent({ kind: "disk-works-again" });
    },
    stopped() {
      if (failure === undefined || now() >= failure.untilMs) return undefined;
      const { attempted, error, untilMs } = failure;
      return { error: diskRefusal(attempted, error), untilMs };
    },
  };
}

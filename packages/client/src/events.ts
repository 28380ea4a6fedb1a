import type { ExportError, Signal } from "@otlpkit/core";
import type { DropReason } from "./ledger.ts";

/** What a client tells, by the name of the event. */
export interface ClientEvents {
  /** The far side took items. `warning` is what it had to say about them, mostly "". */
  readonly delivered: { readonly signal: Signal; readonly items: number; readonly warning: string };
  /** The far side refused items for good. They are not sent again. */
  readonly rejected: { readonly signal: Signal; readonly items: number; readonly reason: string };
  /** Items were given up. */
  readonly dropped: {
    readonly signal: Signal;
    readonly items: number;
    readonly reason: DropReason;
    /** What happened, in words and with its cause. */
    readonly error: ExportError;
  };
  /** An attempt failed, and there will be another after `delayMs`. */
  readonly retrying: {
    readonly signal: Signal;
    readonly items: number;
    /** The number of the attempt that failed, from 1. */
    readonly attempt: number;
    readonly delayMs: number;
    readonly error: ExportError;
  };
  /** The far side asked to be left alone for so long; nothing of this signal is sent to it meanwhile. */
  readonly throttled: { readonly signal: Signal; readonly delayMs: number };
}

/** Hears of events of one kind. */
export type Listener<Name extends keyof ClientEvents> = (event: ClientEvents[Name]) => void;

/** Who wants to know, and telling them. */
export interface Events {
  on<Name extends keyof ClientEvents>(name: Name, listener: Listener<Name>): () => void;
  emit<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void;
}

export function events(): Events {
  const listeners = new Map<string, Set<(event: never) => void>>();
  return {
    on(name, listener) {
      const own = listeners.get(name) ?? new Set();
      listeners.set(name, own.add(listener));
      return () => void own.delete(listener);
    },
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          (listener as Listener<typeof name>)(event);
        } catch {
          // Whoever listens must not be able to hurt delivery.
        }
      }
    },
  };
}

import type { Batch, ByteBudget, Sender, SendOptions, Signal } from "@otlpkit/core";
import { ExportError } from "@otlpkit/core";
import type { RecordEncoder } from "@otlpkit/otlp";
import { platform } from "#platform";
import { type Ledger, notRecorded } from "./ledger.ts";
import type { SignalSettings } from "./settings/settings.ts";

/** Where recorded items of one signal wait until there is enough of them or they are old enough. */
export interface Lane<Item> {
  record(item: Item): void;
  /** Hands over what is there now. */
  cut(): void;
  /** Items in the open chunk. */
  readonly open: number;
}

export interface LaneSettings {
  readonly signal: Signal;
  readonly settings: SignalSettings;
  readonly ledger: Ledger;
  /** Takes a chunk; what becomes of it is told to the ledger. */
  readonly hand: (batch: Batch) => void;
}

// Large enough that framing and requests cost nothing, small enough that cutting one is not felt.
const chunkItems = 512;

/**
 * Encodes each item at once into the open chunk, so that the item is garbage at once and memory is counted in bytes. A
 * chunk is cut when it is full or its first item has waited for `maxAgeMs`.
 */
export function lane<Item>(encoder: RecordEncoder<Item>, { signal, settings, ledger, hand }: LaneSettings): Lane<Item> {
  const { maxAgeMs, maxQueueItems } = settings;
  const maxItems = Math.min(chunkItems, settings.maxBatchItems);
  const maxBytes = Math.min(platform.chunkBytes, settings.maxRequestBytes);
  let cancelTimer: (() => void) | undefined;

  function record(item: Item): void {
    const before = encoder.items;
    if (before + ledger.pending >= maxQueueItems) return refuse("overloaded", `${maxQueueItems} are waiting`);
    try {
      encoder.add(item);
    } catch (error) {
      ledger.accept(1);
      return ledger.drop(1, "invalid", ExportError.from(error, `cannot encode an item of ${signal}`));
    }
    if (encoder.items >= maxItems || encoder.bytes >= maxBytes || maxAgeMs === 0) cut();
    else cancelTimer ??= platform.later(cut, maxAgeMs);
  }

  function refuse(code: "overloaded", why: string): void {
    ledger.accept(1);
    ledger.drop(1, "full", notRecorded(signal, 1, code, why));
  }

  function cut(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    const batch = encoder.take();
    if (batch !== undefined) hand(batch);
  }

  return {
    record,
    cut,
    get open() {
      return encoder.items;
    },
  };
}

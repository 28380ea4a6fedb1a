import { type Batch, ExportError, type Signal } from "@otlpkit/core";
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
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
  /** Takes a chunk; what becomes of it is told to the ledger. */
  readonly hand: (batch: Batch) => void;
}

// Large enough that framing and requests cost nothing, small enough that cutting one is not felt.
const chunkItems = 512;

/**
 * Encodes each item at once into the open chunk, so that the item is garbage at once and memory is counted in bytes. A
 * chunk is cut when it is full or its first item has waited for `maxAgeMs`.
 */
export function lane<Item>(encoder: RecordEncoder<Item>, around: LaneSettings): Lane<Item> {
  const { signal, settings, ledger, setTimer, hand } = around;
  const { maxAgeMs, maxQueueItems } = settings;
  const maxItems = Math.min(chunkItems, settings.maxBatchItems);
  const maxBytes = Math.min(platform.chunkBytes, settings.maxRequestBytes);
  let cancelTimer: (() => void) | undefined;

  function record(item: Item): void {
    if (encoder.items + ledger.pending >= maxQueueItems) {
      return ledger.refuse("full", notRecorded(signal, "overloaded", `${maxQueueItems} are waiting for answers`));
    }
    try {
      encoder.add(item);
    } catch (error) {
      return ledger.refuse("invalid", ExportError.from(error, `cannot encode an item of ${signal}`));
    }
    if (encoder.items >= maxItems || encoder.bytes >= maxBytes || maxAgeMs === 0) cut();
    else cancelTimer ??= setTimer(cut, maxAgeMs);
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

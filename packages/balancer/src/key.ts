import type { Batch } from "@otlpkit/core";
import type { ItemView } from "@otlpkit/otlp";

/** What items have in common that are to go to one endpoint: their trace, their service, their tenant. */
export interface Key {
  /** Names it in messages and metrics: "trace-id". */
  readonly name: string;
  /** Whether items of one batch may differ. Where they cannot, nobody looks into the body. */
  readonly differsByItem: boolean;
  /**
   * Prepares for one batch; what it returns gives a hash of 32 bits, from 0, for each item as it is walked over. Without
   * an item, which it is when items cannot differ, it is the hash of the batch.
   */
  of(batch: Batch): (item?: ItemView) => number;
  /** The hash of the first item, where it is to be had without a walk; `undefined` where it is not. */
  first?(batch: Batch): number | undefined;
}

import type { HrTime, RecordedPoint } from "@otlpkit/otlp";
import type { Attributes } from "../../resource.ts";
import type { AggregationKind } from "./aggregation.ts";

/** Turns what an instrument measures into points. */
export interface MetricStream {
  readonly record: (value: number, attributes: Attributes | undefined) => void;
  /** The points of this moment; none when there is nothing to tell. */
  collect(time: HrTime): readonly RecordedPoint[];
}

/** How a stream does it. */
export interface StreamParts {
  readonly aggregation: AggregationKind;
  /** Points tell what came since the point before. */
  readonly delta: boolean;
  /** Values are never less than before, unless what is measured began anew. */
  readonly monotonic: boolean;
  /** How many points there may be (see `cardinalityLimit`). */
  readonly limit: number;
  /** Attributes to keep apart; undefined: all. */
  readonly keys: ReadonlySet<string> | undefined;
  readonly now: () => HrTime;
}

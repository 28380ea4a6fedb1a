import { type MetricOptions, ValueType } from "@opentelemetry/api";
import type { InstrumentKind } from "../../settings/temporality.ts";

/** What is known of an instrument. */
export interface Instrument {
  readonly kind: InstrumentKind;
  readonly name: string;
  readonly unit: string;
  /** May grow when the instrument is asked for again. */
  description: string;
  readonly valueType: ValueType;
  /** The boundaries that whoever made the instrument advises. */
  readonly boundaries: readonly number[] | undefined;
}

export function instrument(kind: InstrumentKind, name: string, options: MetricOptions = {}): Instrument {
  const { unit, description, valueType, advice } = options;
  return {
    kind,
    name: typeof name === "string" ? name : "",
    unit: unit ?? "",
    description: description ?? "",
    valueType: valueType === ValueType.INT ? ValueType.INT : ValueType.DOUBLE,
    boundaries: advice?.explicitBucketBoundaries,
  };
}

const validName = /^[a-z][-a-z0-9_./]{0,254}$/i;

/** Whether backends can be expected to take the name. */
export function isInstrumentName(name: string): boolean {
  return validName.test(name);
}

/** Whether two instruments put their measurements into the same metric; their names are the same but for the case. */
export function isSameMetric(one: Instrument, other: Instrument): boolean {
  return one.kind === other.kind && one.unit === other.unit && one.valueType === other.valueType;
}

/** What only grows. */
export function isMonotonic(kind: InstrumentKind): boolean {
  return kind === "COUNTER" || kind === "OBSERVABLE_COUNTER";
}

/** For people: "up-down counter". */
export function nameOfKind(kind: InstrumentKind): string {
  return kind.toLowerCase().replace("up_down", "up-down").replaceAll("_", " ");
}

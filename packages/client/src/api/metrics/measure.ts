import { ValueType } from "@opentelemetry/api";
import type { Attributes } from "../../resource.ts";
import { type Instrument, nameOfKind } from "./instrument.ts";

/** Takes a measurement of an instrument. Never throws. */
export type Measure = (value: number, attributes?: Attributes) => void;

/**
 * Lets through what the instrument may measure. What it may not is left out, and warned of once: what is no number, what
 * is less than 0 where values only add up or are distributed, and NaN and infinity, which would spoil a sum for ever (the
 * specification leaves it to us). A gauge of floating-point numbers takes those too. A fraction is cut off where values
 * are whole.
 */
export function measureOf(instrument: Instrument, record: Measure, warn: (warning: string) => void): Measure {
  const { kind, name, valueType } = instrument;
  const whole = valueType === ValueType.INT;
  const gauge = kind === "GAUGE" || kind === "OBSERVABLE_GAUGE";
  const signed = gauge || kind === "UP_DOWN_COUNTER" || kind === "OBSERVABLE_UP_DOWN_COUNTER";
  const least = signed ? -Number.MAX_VALUE : 0;

  function unusual(value: unknown, attributes: Attributes | undefined): void {
    const ignored = (why: string): void => warn(`the ${nameOfKind(kind)} "${name}" ignores ${why}`);
    if (typeof value !== "number") return ignored(`what is not a number: ${typeof value}`);
    if (gauge && !whole) return record(value, attributes);
    if (!Number.isFinite(value)) return ignored("NaN and infinity");
    if (value < least) {
      const hint = kind === "HISTOGRAM" ? "" : "; use an up-down counter for what also falls";
      return ignored(`values below 0${hint}`);
    }
    ignored("fractions, as its valueType is INT");
    record(Math.trunc(value), attributes);
  }

  return (value, attributes) => {
    const usual = typeof value === "number" && value >= least && value <= Number.MAX_VALUE;
    if (usual && (!whole || Number.isInteger(value))) record(value, attributes);
    else unusual(value, attributes);
  };
}

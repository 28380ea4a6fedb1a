/**
 * How much a span may hold; what is more is left out and counted (I-38). Where names agree with those of the OpenTelemetry
 * SDK they mean the same.
 */
export interface SpanLimits {
  /** Attributes of a span. The first ones stay. Default 128. */
  readonly attributeCountLimit?: number;
  /** Characters of a text, or bytes of a `Uint8Array`, in any attribute; longer ones are cut. Default: no limit. */
  readonly attributeValueLengthLimit?: number;
  /** Events of a span. The latest ones stay, as they tell how it ended. Default 128. */
  readonly eventCountLimit?: number;
  /** Links of a span. The latest ones stay. Default 128. */
  readonly linkCountLimit?: number;
  /** Attributes of an event. Default 128. */
  readonly attributePerEventCountLimit?: number;
  /** Attributes of a link. Default 128. */
  readonly attributePerLinkCountLimit?: number;
}

/**
 * The limits with defaults filled in.
 *
 * @throws RangeError for one that is no count.
 */
export function spanLimits(given: SpanLimits = {}): Required<SpanLimits> {
  const limits = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof SpanLimits)[]) {
    const limit = given[name] ?? defaults[name];
    const right = limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 0);
    if (!right)
      throw new RangeError(`cannot limit spans by ${name} ${limit}: it must be a whole number from 0, or Infinity`);
    limits[name] = limit;
  }
  return limits;
}

const defaults: { -readonly [Name in keyof Required<SpanLimits>]: number } = {
  attributeCountLimit: 128,
  attributeValueLengthLimit: Number.POSITIVE_INFINITY,
  eventCountLimit: 128,
  linkCountLimit: 128,
  attributePerEventCountLimit: 128,
  attributePerLinkCountLimit: 128,
};

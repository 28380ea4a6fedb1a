import { within } from "../../settings/checked.ts";

/** How much a log record may hold; what is more is left out and counted (I-38). */
export interface LogRecordLimits {
  /** Attributes of a record. The first ones stay, those of the exception before all others. Default 128. */
  readonly attributeCountLimit?: number;
  /** Characters of a text, or bytes of a `Uint8Array`, in any attribute; longer ones are cut. Default: no limit. */
  readonly attributeValueLengthLimit?: number;
}

/** The limits with defaults filled in. @throws RangeError for one that is no count. */
export function logRecordLimits(given: LogRecordLimits = {}): Required<LogRecordLimits> {
  const { attributeCountLimit = 128, attributeValueLengthLimit = Infinity } = given;
  return {
    attributeCountLimit: within(0, Infinity, "attributeCountLimit", attributeCountLimit),
    attributeValueLengthLimit: within(0, Infinity, "attributeValueLengthLimit", attributeValueLengthLimit),
  };
}

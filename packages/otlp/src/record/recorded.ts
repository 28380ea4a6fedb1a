// What spans, log records and metrics of the OpenTelemetry JS SDK have in common, in the shapes of its generations 1 to 3.
// Only what is read is named here, so that any object with these members will do.

/** A moment since 1970 as the SDK has it. */
export type HrTime = readonly [seconds: number, nanoseconds: number];

/**
 * Attributes. Every JavaScript value is taken (M-19, M-20): a number that is an integer of 64 bits as an integer, other
 * numbers and -0 as doubles, a bigint beyond 64 bits as its digits; bytes, lists, maps and plain objects as such; a Date, a
 * URL and whatever else has `toJSON` as what that gives, an Error as its name and message; anything else, an object inside
 * itself and what is nested deeper than receivers read as the empty value.
 */
export type RecordedAttributes = Readonly<Record<string, unknown>>;

/** Whose telemetry it is. Read once: a resource that is changed later is still written as it was. */
export interface RecordedResource {
  readonly attributes: RecordedAttributes;
  readonly schemaUrl?: string | undefined;
  readonly droppedAttributesCount?: number | undefined;
  /** Whether attributes are still being found out. As long as they are, the resource is read anew for each chunk. */
  readonly asyncAttributesPending?: boolean | undefined;
}

/** The part of the program that made an item. Read once, as resources are. */
export interface RecordedScope {
  readonly name: string;
  readonly version?: string | undefined;
  readonly schemaUrl?: string | undefined;
  readonly attributes?: RecordedAttributes | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

/** Which span of which trace. */
export interface RecordedSpanContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** W3C trace flags: 1 sampled, 2 random. */
  readonly traceFlags: number;
  readonly traceState?: { serialize(): string } | undefined;
  /** Whether the context came from another process. */
  readonly isRemote?: boolean | undefined;
}

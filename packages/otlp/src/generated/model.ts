// Generated from proto/ by `node tools/proto/src/generate.ts`. Do not edit: change the .proto files and run it again.

import type { Signal } from "@otlpkit/core";

/** A span of time; both members have the same sign. In JSON it is a string like "1.5s". */
export interface ProtobufDuration {
  /** Whole seconds, within ±315,576,000,000 (about 10,000 years). */
  seconds?: bigint;
  /** The rest in nanoseconds, -999,999,999 to 999,999,999. */
  nanos?: number;
}

/** Any message at all, with a name that tells which. */
export interface ProtobufAny {
  /**
   * Which message `value` holds: "type.googleapis.com/" and the full name, for instance
   * "type.googleapis.com/google.rpc.RetryInfo".
   */
  typeUrl?: string;
  /** The message in protobuf. */
  value?: Uint8Array;
}

/**
 * Asks the client to come back later. With the code RESOURCE_EXHAUSTED it is what allows to send
 * again at all.
 */
export interface RetryInfo {
  /** Wait at least this long. Absent or 0: there is no delay asked for. */
  retryDelay?: ProtobufDuration;
}

/** Says what is wrong with the request. */
export interface BadRequest {
  /** All that is wrong, as far as the receiver looked. */
  fieldViolations?: BadRequestFieldViolation[];
}

/** One thing that is wrong. */
export interface BadRequestFieldViolation {
  /** Where: a path such as "resource_spans[0].scope_spans[2].spans[7].trace_id". */
  field?: string;
  /** What is wrong there, for people. */
  description?: string;
}

/** Why a call failed. */
export interface RpcStatus {
  /** The kind of failure: a gRPC status code, 0 (fine) to 16 (not authenticated). */
  code?: number;
  /** What went wrong, for developers, in English. */
  message?: string;
  /**
   * What a program can act upon, for instance a RetryInfo or a BadRequest. Kinds that the reader
   * does not know are ignored.
   */
  details?: ProtobufAny[];
}

/**
 * Log records to hand over. At most 64 MiB before compression; some receivers take no more than
 * 4 MiB.
 */
export interface ExportLogsServiceRequest {
  /**
   * The records, by resource. A relay often has many resources here, an application one. Empty is
   * allowed and answered with success.
   */
  resourceLogs?: ResourceLogs[];
}

/** The receiver's answer. Whatever it holds, the request is not to be sent again. */
export interface ExportLogsServiceResponse {
  /**
   * There when something is to be said about the records. Absent, or without any field: all were
   * accepted.
   */
  partialSuccess?: ExportLogsPartialSuccess;
}

/** What became of the log records that were not simply accepted. */
export interface ExportLogsPartialSuccess {
  /**
   * How many log records were refused; the rest was accepted. 0 with a message is a warning about
   * records that were all accepted.
   */
  rejectedLogRecords?: bigint;
  /** Why, and what to do about it, for people. */
  errorMessage?: string;
}

/** Metrics to hand over. At most 64 MiB before compression; some receivers take no more than 4 MiB. */
export interface ExportMetricsServiceRequest {
  /**
   * The metrics, by resource. A relay often has many resources here, an application one. Empty is
   * allowed and answered with success.
   */
  resourceMetrics?: ResourceMetrics[];
}

/** The receiver's answer. Whatever it holds, the request is not to be sent again. */
export interface ExportMetricsServiceResponse {
  /**
   * There when something is to be said about the metrics. Absent, or without any field: all were
   * accepted.
   */
  partialSuccess?: ExportMetricsPartialSuccess;
}

/** What became of the data points that were not simply accepted. */
export interface ExportMetricsPartialSuccess {
  /**
   * How many data points (not metrics) were refused; the rest was accepted. 0 with a message is a
   * warning about data points that were all accepted.
   */
  rejectedDataPoints?: bigint;
  /** Why, and what to do about it, for people. */
  errorMessage?: string;
}

/**
 * Profiles to hand over. At most 64 MiB before compression.
 *
 * Requests cannot be joined or cut without counting all indices anew, because all of their profiles
 * share one dictionary.
 */
export interface ExportProfilesServiceRequest {
  /** The profiles, by resource. Empty is allowed and answered with success. */
  resourceProfiles?: ResourceProfiles[];
  /** The tables that all indices in this request refer to. */
  dictionary?: ProfilesDictionary;
}

/** The receiver's answer. Whatever it holds, the request is not to be sent again. */
export interface ExportProfilesServiceResponse {
  /**
   * There when something is to be said about the profiles. Absent, or without any field: all were
   * accepted.
   */
  partialSuccess?: ExportProfilesPartialSuccess;
}

/** What became of the profiles that were not simply accepted. */
export interface ExportProfilesPartialSuccess {
  /**
   * How many profiles were refused; the rest was accepted. 0 with a message is a warning about
   * profiles that were all accepted.
   */
  rejectedProfiles?: bigint;
  /** Why, and what to do about it, for people. */
  errorMessage?: string;
}

/** Spans to hand over. At most 64 MiB before compression; some receivers take no more than 4 MiB. */
export interface ExportTraceServiceRequest {
  /**
   * The spans, by resource. A relay often has many resources here, an application one. Empty is
   * allowed and answered with success.
   */
  resourceSpans?: ResourceSpans[];
}

/** The receiver's answer. Whatever it holds, the request is not to be sent again. */
export interface ExportTraceServiceResponse {
  /**
   * There when something is to be said about the spans. Absent, or without any field: all were
   * accepted.
   */
  partialSuccess?: ExportTracePartialSuccess;
}

/** What became of the spans that were not simply accepted. */
export interface ExportTracePartialSuccess {
  /**
   * How many spans were refused; the rest was accepted. 0 with a message is a warning about spans
   * that were all accepted.
   */
  rejectedSpans?: bigint;
  /** Why, and what to do about it, for people. */
  errorMessage?: string;
}

/**
 * A value of any kind: a scalar, bytes, a list or a map, nested as deep as wanted.
 *
 * At most one member is set, and it counts as set even when it holds 0, false or "". With none set
 * the value is empty, which is how null travels; it has a meaning and is kept, also inside a list.
 */
export interface AnyValue {
  /** Text, in UTF-8. */
  stringValue?: string;
  /** A truth value. */
  boolValue?: boolean;
  /** A whole number. JSON writes it as a decimal string. */
  intValue?: bigint;
  /** A floating point number. JSON writes "NaN", "Infinity" and "-Infinity" as strings. */
  doubleValue?: number;
  /** A list. */
  arrayValue?: ArrayValue;
  /** A map. */
  kvlistValue?: KeyValueList;
  /** Anything else. JSON writes base64. */
  bytesValue?: Uint8Array;
  /**
   * Text by its index in the string table of a profiles dictionary. In development, and for
   * requests of profiles only: anywhere else a reader takes the value as empty.
   */
  stringValueStrindex?: number;
}

/** A list of values, of one kind or of many. */
export interface ArrayValue {
  /** The values in order. May be empty, and may hold empty values. */
  values?: AnyValue[];
}

/** A map. It is a message because a oneof cannot hold a repeated field. */
export interface KeyValueList {
  /** The entries, in no particular order. Keys are unique unless the producer chose otherwise. */
  values?: KeyValue[];
}

/** One attribute, or one entry of a map. */
export interface KeyValue {
  /** The name: case-sensitive and not empty. */
  key?: string;
  /** The value. Absent means the same as empty. */
  value?: AnyValue;
  /**
   * The name by its index in the string table of a profiles dictionary, instead of `key`. In
   * development, and for requests of profiles only: anywhere else a reader ignores it.
   */
  keyStrindex?: number;
}

/**
 * The piece of software that an item comes from: most often the instrumentation library.
 *
 * All of its fields together tell one scope from another.
 */
export interface InstrumentationScope {
  /** What it is called. Empty means unknown, as does a scope that is absent. */
  name?: string;
  /** Its version, in whatever form it uses. Empty means unknown. */
  version?: string;
  /** Further facts about the scope. Keys are unique. */
  attributes?: KeyValue[];
  /** How many attributes were left out, for instance because of a limit. 0: none. */
  droppedAttributesCount?: number;
}

/**
 * An entity that a resource stands for: which of the resource's attributes identify it and which
 * describe it. In development.
 *
 * The keys are those of attributes of the same resource. A relay that removes such an attribute
 * removes the reference too.
 */
export interface EntityRef {
  /** URL of the schema that the type and the keys follow. Empty means unknown. */
  schemaUrl?: string;
  /**
   * What kind of entity it is, for instance "service" or "host". Not empty, and it never changes
   * for an entity.
   */
  type?: string;
  /** Keys of the attributes that identify it. At least one. */
  idKeys?: string[];
  /**
   * Keys of the attributes that only describe it, so their values may change over time. May be
   * empty.
   */
  descriptionKeys?: string[];
}

/**
 * Log records as they are kept outside of a request, in a file or a queue. It has the same fields
 * as ExportLogsServiceRequest, so the two can be read as one another.
 */
export interface LogsData {
  /** The records, by resource. The same resource may appear more than once. */
  resourceLogs?: ResourceLogs[];
}

/** The log records of one resource. */
export interface ResourceLogs {
  /** Where the records come from. Absent means unknown. */
  resource?: Resource;
  /** The records, by the scope that made them. */
  scopeLogs?: ScopeLogs[];
  /**
   * URL of the schema that `resource` follows. Empty means unknown. Says nothing about the records:
   * they have their own in ScopeLogs.
   */
  schemaUrl?: string;
}

/** The log records that one scope made for one resource. */
export interface ScopeLogs {
  /** What made the records. Absent means the same as a scope with an empty name: unknown. */
  scope?: InstrumentationScope;
  /** The records. A record without any field is a record all the same. */
  logRecords?: LogRecord[];
  /** URL of the schema that the scope and the records follow. Empty means unknown. */
  schemaUrl?: string;
}

/**
 * How grave a record is: six ranges of four numbers each, growing. 0 is "not said". An unknown
 * number is kept as it is.
 */
export type SeverityNumber = number;
/** The numbers of {@link SeverityNumber} that have a name. */
export const SeverityNumber = {
  /** Not said. */
  UNSPECIFIED: 0,
  /** 1 to 4: the finest detail, usually off. */
  TRACE: 1,
  TRACE2: 2,
  TRACE3: 3,
  TRACE4: 4,
  /** 5 to 8: for whoever looks for a mistake. */
  DEBUG: 5,
  DEBUG2: 6,
  DEBUG3: 7,
  DEBUG4: 8,
  /** 9 to 12: something happened, as it should. */
  INFO: 9,
  INFO2: 10,
  INFO3: 11,
  INFO4: 12,
  /** 13 to 16: not an error, and yet worth a look. */
  WARN: 13,
  WARN2: 14,
  WARN3: 15,
  WARN4: 16,
  /** 17 to 20: something went wrong. */
  ERROR: 17,
  ERROR2: 18,
  ERROR3: 19,
  ERROR4: 20,
  /** 21 to 24: it cannot go on. */
  FATAL: 21,
  FATAL2: 22,
  FATAL3: 23,
  FATAL4: 24,
} as const;

/**
 * Which bits of a record's `flags` mean what. A mask, not a value to compare with. Bits 8 to 31 are
 * reserved.
 */
export type LogRecordFlags = number;
/** The numbers of {@link LogRecordFlags} that have a name. */
export const LogRecordFlags = {
  /** There is no flag with this number; an enum of proto3 must begin with 0. */
  DO_NOT_USE: 0,
  /** Bits 0 to 7: the W3C trace flags. 1 is sampled, 2 is a random trace id. */
  TRACE_FLAGS_MASK: 255,
} as const;

/** One record. With an event name it is an event. */
export interface LogRecord {
  /**
   * When it happened, in ns since 1970-01-01 UTC, by the clock of its origin. 0 means unknown: then
   * `observedTimeUnixNano` is the best there is.
   */
  timeUnixNano?: bigint;
  /**
   * When the first OpenTelemetry component saw the record, in ns since 1970-01-01 UTC. For a record
   * made by an SDK the same as `timeUnixNano`. Set once, then left alone.
   */
  observedTimeUnixNano?: bigint;
  /** How grave it is, as a number that can be compared across sources. */
  severityNumber?: SeverityNumber;
  /** How grave it is, in the words of the source ("WARN", "notice"). Kept as it is; may be empty. */
  severityText?: string;
  /** What there is to say: most often text, but any value will do. May be absent. */
  body?: AnyValue;
  /** Further facts about it. Keys are unique. */
  attributes?: KeyValue[];
  /** How many attributes were left out, for instance because of a limit. 0: none. */
  droppedAttributesCount?: number;
  /**
   * Bits as told in LogRecordFlags. Bits 8 to 31 are written as 0, passed on as they came, and
   * masked when read.
   */
  flags?: number;
  /**
   * The trace during which it happened: 16 bytes, not all zero. Empty means none, and an invalid id
   * is read as none. JSON writes hex.
   */
  traceId?: Uint8Array;
  /**
   * The span during which it happened: 8 bytes, not all zero. Empty means none, and an invalid id
   * is read as none. Only together with a trace id. JSON writes hex.
   */
  spanId?: Uint8Array;
  /**
   * The name of the kind of event; all records with one name have the same shape. Not empty makes
   * the record an event.
   */
  eventName?: string;
}

/**
 * Metrics as they are kept outside of a request, in a file or a queue. It has the same fields as
 * ExportMetricsServiceRequest, so the two can be read as one another.
 */
export interface MetricsData {
  /** The metrics, by resource. The same resource may appear more than once. */
  resourceMetrics?: ResourceMetrics[];
}

/** The metrics of one resource. */
export interface ResourceMetrics {
  /** Where the metrics come from. Absent means unknown. */
  resource?: Resource;
  /** The metrics, by the scope that made them. */
  scopeMetrics?: ScopeMetrics[];
  /**
   * URL of the schema that `resource` follows. Empty means unknown. Says nothing about the metrics:
   * they have their own in ScopeMetrics.
   */
  schemaUrl?: string;
}

/** The metrics that one scope made for one resource. */
export interface ScopeMetrics {
  /** What made the metrics. Absent means the same as a scope with an empty name: unknown. */
  scope?: InstrumentationScope;
  /** The metrics. The same metric may appear more than once. */
  metrics?: Metric[];
  /** URL of the schema that the scope and the metrics follow. Empty means unknown. */
  schemaUrl?: string;
}

/**
 * One quantity with its data points.
 *
 * What its points have in common is the name, the unit and the kind, which is told by the member
 * that is set. A data point is told from its neighbours by its attributes; points with equal
 * attributes that follow each other in time form a stream, and a stream has a single writer. A
 * relay therefore keeps a stream on one path.
 *
 * At most one of `gauge`, `sum`, `histogram`, `exponentialHistogram` and `summary` is set.
 * The kind of the metric, with its points. With none set there are no points.
 */
export interface Metric {
  /** What is measured, for instance "http.server.request.duration". Not empty. */
  name?: string;
  /** The same in a sentence, for documentation. May be empty. */
  description?: string;
  /** The unit, in the notation of UCUM: "By", "ms", "{request}". Empty means none or unknown. */
  unit?: string;
  /** The last value. */
  gauge?: Gauge;
  /** An amount that adds up. */
  sum?: Sum;
  /** A distribution over buckets with bounds of the writer's choice. */
  histogram?: Histogram;
  /** A distribution over buckets that grow by a constant factor. */
  exponentialHistogram?: ExponentialHistogram;
  /** Quantiles computed at the source. */
  summary?: Summary;
  /** Further facts about the metric that do not tell it from others. Keys are unique. */
  metadata?: KeyValue[];
}

/**
 * A value that was true at a moment, such as a temperature or a length of a queue. Adding up the
 * values of several sources makes no sense, and so there is no temporality.
 */
export interface Gauge {
  /** One point per set of attributes and time. The start time of a point has no influence. */
  dataPoints?: NumberDataPoint[];
}

/** An amount that adds up over time and over sources, such as requests served or bytes in use. */
export interface Sum {
  /** One point per set of attributes and time. */
  dataPoints?: NumberDataPoint[];
  /** Whether points count from a fixed start or from the point before. */
  aggregationTemporality?: AggregationTemporality;
  /** The amount never decreases, except when it starts anew. */
  isMonotonic?: boolean;
}

/** A distribution: how many measurements fell into which of the buckets that the writer chose. */
export interface Histogram {
  /** One point per set of attributes and time. */
  dataPoints?: HistogramDataPoint[];
  /** Whether points count from a fixed start or from the point before. */
  aggregationTemporality?: AggregationTemporality;
}

/**
 * A distribution over buckets whose bounds follow from a single number, the scale. It needs no
 * choice beforehand, and two of them can always be merged.
 */
export interface ExponentialHistogram {
  /** One point per set of attributes and time. */
  dataPoints?: ExponentialHistogramDataPoint[];
  /** Whether points count from a fixed start or from the point before. */
  aggregationTemporality?: AggregationTemporality;
}

/**
 * Quantiles computed at the source. It is there for sources such as Prometheus that have nothing
 * better: quantiles of several sources cannot be merged, so new code makes histograms.
 */
export interface Summary {
  /** One point per set of attributes and time. */
  dataPoints?: SummaryDataPoint[];
}

/** From which moment on the points of a metric count. An unknown number is kept as it is. */
export type AggregationTemporality = number;
/** The numbers of {@link AggregationTemporality} that have a name. */
export const AggregationTemporality = {
  /** Not said, which is not allowed: a writer sets one of the others. */
  UNSPECIFIED: 0,
  /** Each point counts what happened since the point before it: the start time is that one's time. */
  DELTA: 1,
  /** Each point counts everything since a fixed start; a later start time tells of a reset. */
  CUMULATIVE: 2,
} as const;

/**
 * Which bits of a data point's `flags` mean what. A mask, not a value to compare with. All other
 * bits are reserved.
 */
export type DataPointFlags = number;
/** The numbers of {@link DataPointFlags} that have a name. */
export const DataPointFlags = {
  /** There is no flag with this number; an enum of proto3 must begin with 0. */
  DO_NOT_USE: 0,
  /**
   * Bit 0: there is no value at this time, for instance because the source went away. A reader
   * ignores all of the point but its attributes and times.
   */
  NO_RECORDED_VALUE_MASK: 1,
} as const;

/**
 * One number at one time, of a gauge or a sum.
 *
 * At most one of `asDouble` and `asInt` is set.
 * The value; 0 is one too. It may only be missing together with the flag for "no recorded value".
 */
export interface NumberDataPoint {
  /** What tells this point from others of the metric. Keys are unique, their order has no meaning. */
  attributes?: KeyValue[];
  /** From when on a sum counts, in ns since 1970-01-01 UTC. 0 means unknown. */
  startTimeUnixNano?: bigint;
  /** When the value was true, in ns since 1970-01-01 UTC. Needed: readers may refuse a point with 0. */
  timeUnixNano?: bigint;
  /** The value as a floating point number. */
  asDouble?: number;
  /** The value as a whole number. JSON writes it as a decimal string. */
  asInt?: bigint;
  /** Some of the measurements that went into the value, with the spans they were made in. */
  exemplars?: Exemplar[];
  /** Bits as told in DataPointFlags. */
  flags?: number;
}

/**
 * A distribution at one time, over buckets with bounds of the writer's choice.
 *
 * With n bounds there are n + 1 buckets: up to the first bound, from each bound to the next, and
 * above the last. A bucket includes its upper bound and excludes its lower. Without bounds and
 * counts the point tells the sum and the count only.
 */
export interface HistogramDataPoint {
  /** What tells this point from others of the metric. Keys are unique, their order has no meaning. */
  attributes?: KeyValue[];
  /** From when on the point counts, in ns since 1970-01-01 UTC. 0 means unknown. */
  startTimeUnixNano?: bigint;
  /** Until when it counts, in ns since 1970-01-01 UTC. Needed: readers may refuse a point with 0. */
  timeUnixNano?: bigint;
  /** How many measurements there were: the sum of `bucketCounts` where there are buckets. */
  count?: bigint;
  /**
   * All measurements added up. Absent means unknown, which is not the same as 0: a writer leaves it
   * out where measurements may be negative, since the sum would not be monotonic.
   */
  sum?: number;
  /** How many measurements fell into each bucket: one more than there are bounds, or none at all. */
  bucketCounts?: bigint[];
  /** Where one bucket ends and the next begins. Strictly increasing. */
  explicitBounds?: number[];
  /** Some of the measurements, with the spans they were made in. */
  exemplars?: Exemplar[];
  /** Bits as told in DataPointFlags. */
  flags?: number;
  /**
   * The smallest measurement since the start time. Absent means unknown, which is not the same as
   * 0.
   */
  min?: number;
  /** The largest measurement since the start time. Absent means unknown, which is not the same as 0. */
  max?: number;
}

/**
 * A distribution at one time, over buckets that grow by a constant factor.
 *
 * The factor is base = 2^(2^-scale): with scale 0 bounds double, with scale 3 there are eight
 * buckets per doubling. The bucket with index i holds measurements above base^i, up to and
 * including base^(i+1). Negative measurements have buckets of their own, by their absolute value;
 * those around zero are counted apart.
 */
export interface ExponentialHistogramDataPoint {
  /** What tells this point from others of the metric. Keys are unique, their order has no meaning. */
  attributes?: KeyValue[];
  /** From when on the point counts, in ns since 1970-01-01 UTC. 0 means unknown. */
  startTimeUnixNano?: bigint;
  /** Until when it counts, in ns since 1970-01-01 UTC. Needed: readers may refuse a point with 0. */
  timeUnixNano?: bigint;
  /** How many measurements there were: the positive, the negative and the zero ones. */
  count?: bigint;
  /**
   * All measurements added up. Absent means unknown, which is not the same as 0: a writer leaves it
   * out where measurements may be negative, since the sum would not be monotonic.
   */
  sum?: number;
  /** How fine the buckets are: one more halves their width. May be negative. */
  scale?: number;
  /** How many measurements were zero, or so close to it as `zeroThreshold` says. */
  zeroCount?: bigint;
  /** The buckets of the positive measurements. Absent means that all are empty. */
  positive?: ExponentialHistogramDataPointBuckets;
  /** The buckets of the negative measurements, by absolute value. Absent means that all are empty. */
  negative?: ExponentialHistogramDataPointBuckets;
  /** Bits as told in DataPointFlags. */
  flags?: number;
  /** Some of the measurements, with the spans they were made in. */
  exemplars?: Exemplar[];
  /**
   * The smallest measurement since the start time. Absent means unknown, which is not the same as
   * 0.
   */
  min?: number;
  /** The largest measurement since the start time. Absent means unknown, which is not the same as 0. */
  max?: number;
  /**
   * Measurements whose absolute value is at most this are counted in `zeroCount`. Not negative. 0:
   * only those that are zero, or that were rounded to it.
   */
  zeroThreshold?: number;
}

/** A run of buckets next to each other. */
export interface ExponentialHistogramDataPointBuckets {
  /** Index of the first bucket. May be negative: those are the buckets below 1. */
  offset?: number;
  /**
   * How many measurements fell into the bucket with index `offset`, into the next, and so on.
   * Buckets outside of the run are empty.
   */
  bucketCounts?: bigint[];
}

/** Quantiles at one time, computed at the source. */
export interface SummaryDataPoint {
  /** What tells this point from others of the metric. Keys are unique, their order has no meaning. */
  attributes?: KeyValue[];
  /** From when on the point counts, in ns since 1970-01-01 UTC. 0 means unknown. */
  startTimeUnixNano?: bigint;
  /** Until when it counts, in ns since 1970-01-01 UTC. Needed: readers may refuse a point with 0. */
  timeUnixNano?: bigint;
  /** How many measurements there were. */
  count?: bigint;
  /** All measurements added up. There is no "unknown" here: absent is 0. */
  sum?: number;
  /**
   * The quantiles, growing. May be empty. The time they look back over is the source's choice and
   * need not begin at the start time.
   */
  quantileValues?: SummaryDataPointValueAtQuantile[];
  /** Bits as told in DataPointFlags. */
  flags?: number;
}

/** One quantile: the value that a given share of the measurements does not exceed. */
export interface SummaryDataPointValueAtQuantile {
  /** The share, from 0 (the minimum) to 1 (the maximum). */
  quantile?: number;
  /** The value there. Not negative. */
  value?: number;
}

/**
 * One measurement that went into a data point, kept as an example.
 *
 * At most one of `asDouble` and `asInt` is set.
 * What was measured. Never missing, and 0 is a value.
 */
export interface Exemplar {
  /** What is known about the measurement beyond the attributes of its data point. Keys are unique. */
  filteredAttributes?: KeyValue[];
  /** When it was made, in ns since 1970-01-01 UTC. */
  timeUnixNano?: bigint;
  /** What was measured, as a floating point number. */
  asDouble?: number;
  /** What was measured, as a whole number. JSON writes it as a decimal string. */
  asInt?: bigint;
  /** The span during which it was made: 8 bytes. Empty when there was none. JSON writes hex. */
  spanId?: Uint8Array;
  /** The trace of that span: 16 bytes. Empty when there was none. JSON writes hex. */
  traceId?: Uint8Array;
}

/** What is known about a process, put into its memory for others to read. */
export interface ProcessContext {
  /** The resource that the process reports its own telemetry with. */
  resource?: Resource;
  /** Further facts that are not part of the resource. Keys are unique. */
  attributes?: KeyValue[];
}

/** The tables that all profiles of one request, or one ProfilesData, refer to. */
export interface ProfilesDictionary {
  /** Binaries and libraries in the memory of programs. */
  mappingTable?: ProfileMapping[];
  /** Places in programs, which stacks are made of. */
  locationTable?: ProfileLocation[];
  /** Functions, which places are in. */
  functionTable?: ProfileFunction[];
  /** Spans that samples were taken in. */
  linkTable?: ProfileLink[];
  /** All text. Entry 0 is "". */
  stringTable?: string[];
  /** Attributes of profiles, samples, mappings and places. */
  attributeTable?: KeyValueAndUnit[];
  /** Stacks, which samples refer to. */
  stackTable?: ProfileStack[];
}

/**
 * Profiles as they are kept outside of a request, in a file or a queue. It has the same fields as
 * ExportProfilesServiceRequest, so the two can be read as one another.
 */
export interface ProfilesData {
  /** The profiles, by resource. The same resource may appear more than once. */
  resourceProfiles?: ResourceProfiles[];
  /**
   * The tables that all indices in here refer to, those in the attributes of resources and scopes
   * included.
   */
  dictionary?: ProfilesDictionary;
}

/** The profiles of one resource. */
export interface ResourceProfiles {
  /** Where the profiles come from. Absent means unknown. */
  resource?: Resource;
  /** The profiles, by the scope that made them. */
  scopeProfiles?: ScopeProfiles[];
  /**
   * URL of the schema that `resource` follows. Empty means unknown. Says nothing about the
   * profiles: they have their own in ScopeProfiles.
   */
  schemaUrl?: string;
}

/** The profiles that one scope made for one resource. */
export interface ScopeProfiles {
  /** What made the profiles. Absent means the same as a scope with an empty name: unknown. */
  scope?: InstrumentationScope;
  /** The profiles. */
  profiles?: Profile[];
  /** URL of the schema that the scope and the profiles follow. Empty means unknown. */
  schemaUrl?: string;
}

/** What was seen of a program during some time: how often, or how much, per stack. */
export interface Profile {
  /** What the values of the samples are, for instance "cpu" in "nanoseconds". */
  sampleType?: ProfileValueType;
  /** What was seen. */
  samples?: ProfileSample[];
  /** When the profile begins, in ns since 1970-01-01 UTC. */
  timeUnixNano?: bigint;
  /** How long it lasts, in ns. May be 0 for the state of a moment, such as the heap. */
  durationNano?: bigint;
  /** What is counted between two samples, for instance "cpu" in "nanoseconds". */
  periodType?: ProfileValueType;
  /** How much of it passes between two samples. 0: not said. */
  period?: bigint;
  /**
   * The profile itself: 16 bytes, not all zero. Empty for one without an id. JSON writes base64;
   * the OpenTelemetry Collector writes hex, so readers had better take both.
   */
  profileId?: Uint8Array;
  /** How many attributes were left out, for instance because of a limit. 0: none. */
  droppedAttributesCount?: number;
  /** The format of `originalPayload`, for instance "pprof". Both are set, or neither. */
  originalPayloadFormat?: string;
  /**
   * The profile as the profiler wrote it, for what cannot be told in this message. Large, so it is
   * empty unless it is asked for. JSON writes base64.
   */
  originalPayload?: Uint8Array;
  /** Further facts about the profile, by index in `attributeTable`. Keys are unique. */
  attributeIndices?: number[];
}

/** A span that a sample was taken in. */
export interface ProfileLink {
  /** Its trace: 16 bytes, not all zero. JSON writes hex. */
  traceId?: Uint8Array;
  /** The span: 8 bytes, not all zero. JSON writes hex. */
  spanId?: Uint8Array;
}

/** What a number stands for. */
export interface ProfileValueType {
  /** What is counted, by index in `stringTable`: "cpu", "alloc_space". */
  typeStrindex?: number;
  /** In which unit, by index in `stringTable`: "nanoseconds", "bytes". */
  unitStrindex?: number;
}

/**
 * What was seen on one stack.
 *
 * It holds values, or times, or both; if both, there are as many of the one as of the other, and
 * they belong together pair by pair. Times alone tell of something seen once at each of them.
 */
export interface ProfileSample {
  /** The stack, by index in `stackTable`. */
  stackIndex?: number;
  /** Further facts, such as the thread, by index in `attributeTable`. Keys are unique. */
  attributeIndices?: number[];
  /** The span it was taken in, by index in `linkTable`. 0: none. */
  linkIndex?: number;
  /** How much, in the unit of the profile's `sampleType`. */
  values?: bigint[];
  /** When, in ns since 1970-01-01 UTC, within the time of the profile. */
  timestampsUnixNano?: bigint[];
}

/** A binary or library, or a part of one, in the memory of a program. */
export interface ProfileMapping {
  /** The address where it begins. */
  memoryStart?: bigint;
  /** The first address after it. */
  memoryLimit?: bigint;
  /** Where in the file the part at `memoryStart` is. */
  fileOffset?: bigint;
  /** The file, or what stands for one ("[vdso]"), by index in `stringTable`. */
  filenameStrindex?: number;
  /** Further facts, such as the build id, by index in `attributeTable`. Keys are unique. */
  attributeIndices?: number[];
}

/** How a program came to where it was. */
export interface ProfileStack {
  /**
   * The places, by index in `locationTable`: first where the program was, then who called that,
   * and so on.
   */
  locationIndices?: number[];
}

/** A place in a program: an address, and what is known about it in the source. */
export interface ProfileLocation {
  /**
   * The binary that the address is in, by index in `mappingTable`. 0: unknown, or it is not in
   * one.
   */
  mappingIndex?: number;
  /** The address of the instruction, within the range of the mapping if there is one. 0: unknown. */
  address?: bigint;
  /**
   * Where that is in the source. More than one when functions were inlined: the innermost comes
   * first, and the last is the function that the others ended up in. Empty: unknown.
   */
  lines?: ProfileLine[];
  /** Further facts, such as the kind of frame, by index in `attributeTable`. Keys are unique. */
  attributeIndices?: number[];
}

/** A place in the source. */
export interface ProfileLine {
  /** The function, by index in `functionTable`. */
  functionIndex?: number;
  /** The line, counted from 1. 0: unknown. */
  line?: bigint;
  /** The column, counted from 1. 0: unknown. */
  column?: bigint;
}

/** A function. */
export interface ProfileFunction {
  /** What people call it, by index in `stringTable`. 0: unknown. */
  nameStrindex?: number;
  /**
   * What the linker calls it, for instance with its mangled name, by index in `stringTable`. 0:
   * unknown.
   */
  systemNameStrindex?: number;
  /** The source file, by index in `stringTable`. 0: unknown. */
  filenameStrindex?: number;
  /** The line where it begins, counted from 1. 0: unknown. */
  startLine?: bigint;
}

/** One attribute, with the unit of its value. */
export interface KeyValueAndUnit {
  /** The name, by index in `stringTable`. Not 0, except in entry 0 of the table. */
  keyStrindex?: number;
  /** The value. Absent means the same as empty. */
  value?: AnyValue;
  /** The unit of the value, by index in `stringTable`. 0: none, or it follows from the name. */
  unitStrindex?: number;
}

/**
 * Whatever produces telemetry: a service, a process, a host, a device.
 *
 * All of its fields together tell one resource from another; the order of attributes has no
 * meaning.
 */
export interface Resource {
  /** What it is, for instance service.name and host.name. Keys are unique. */
  attributes?: KeyValue[];
  /** How many attributes were left out, for instance because of a limit. 0: none. */
  droppedAttributesCount?: number;
  /**
   * The entities that the resource stands for, by the keys of its attributes. In development; empty
   * for most.
   */
  entityRefs?: EntityRef[];
}

/**
 * Spans as they are kept outside of a request, in a file or a queue. It has the same fields as
 * ExportTraceServiceRequest, so the two can be read as one another.
 */
export interface TracesData {
  /** The spans, by resource. The same resource may appear more than once. */
  resourceSpans?: ResourceSpans[];
}

/** The spans of one resource. */
export interface ResourceSpans {
  /** Where the spans come from. Absent means unknown. */
  resource?: Resource;
  /** The spans, by the scope that made them. */
  scopeSpans?: ScopeSpans[];
  /**
   * URL of the schema that `resource` follows. Empty means unknown. Says nothing about the spans:
   * they have their own in ScopeSpans.
   */
  schemaUrl?: string;
}

/** The spans that one scope made for one resource. */
export interface ScopeSpans {
  /** What made the spans. Absent means the same as a scope with an empty name: unknown. */
  scope?: InstrumentationScope;
  /** The spans, in no particular order. */
  spans?: Span[];
  /**
   * URL of the schema that the scope and the spans with their events and links follow. Empty means
   * unknown.
   */
  schemaUrl?: string;
}

/**
 * One operation within a trace, from its start to its end.
 *
 * Spans form a tree by `parentSpanId`. The parent and the children need not be in the same
 * request, nor come from the same process.
 */
export interface Span {
  /**
   * The trace that the span belongs to: 16 bytes, not all zero. Anything else is invalid; a relay
   * passes it on or rejects the span, and never repairs it. JSON writes hex.
   */
  traceId?: Uint8Array;
  /** The span itself: 8 bytes, not all zero, unique within its trace. JSON writes hex. */
  spanId?: Uint8Array;
  /** The W3C tracestate, a list of vendors' entries. Opaque: kept byte for byte. */
  traceState?: string;
  /** The span that this one is a part of: 8 bytes. Empty for the root of a trace. JSON writes hex. */
  parentSpanId?: Uint8Array;
  /**
   * Bits as told in SpanFlags. Bits 10 to 31 are written as 0, passed on as they came, and masked
   * when read.
   */
  flags?: number;
  /**
   * What the operation is, in few and general words: "GET /users/{id}", not one name per user.
   * Empty is taken as unknown.
   */
  name?: string;
  /** Which side of a call the span is about. */
  kind?: SpanKind;
  /** When the operation began, in ns since 1970-01-01 UTC, by the clock of whoever did it. */
  startTimeUnixNano?: bigint;
  /** When it ended, in ns since 1970-01-01 UTC. Not before the start. */
  endTimeUnixNano?: bigint;
  /** Further facts about the operation. Keys are unique. */
  attributes?: KeyValue[];
  /** How many attributes were left out, for instance because of a limit. 0: none. */
  droppedAttributesCount?: number;
  /** What happened on the way. */
  events?: SpanEvent[];
  /** How many events were left out. 0: none. */
  droppedEventsCount?: number;
  /** Spans that have to do with this one without being its parent. */
  links?: SpanLink[];
  /** How many links were left out. 0: none. */
  droppedLinksCount?: number;
  /** How it went. Absent means the same as an unset code. */
  status?: SpanStatus;
}

/** Something that happened at one moment during the operation. */
export interface SpanEvent {
  /** When it happened, in ns since 1970-01-01 UTC. */
  timeUnixNano?: bigint;
  /** What happened. Not empty. */
  name?: string;
  /** Further facts about it. Keys are unique. */
  attributes?: KeyValue[];
  /** How many attributes were left out, for instance because of a limit. 0: none. */
  droppedAttributesCount?: number;
}

/**
 * A reference to another span, in the same trace or in another: for instance from the span that
 * handles a batch to the spans that filled it.
 */
export interface SpanLink {
  /** The other span's trace: 16 bytes, not all zero. JSON writes hex. */
  traceId?: Uint8Array;
  /** The other span: 8 bytes, not all zero. JSON writes hex. */
  spanId?: Uint8Array;
  /** The other span's W3C tracestate. Opaque: kept byte for byte. */
  traceState?: string;
  /** Why the two belong together, and further facts. Keys are unique. */
  attributes?: KeyValue[];
  /** How many attributes were left out, for instance because of a limit. 0: none. */
  droppedAttributesCount?: number;
  /**
   * Bits about the other span, laid out as in SpanFlags; "remote" is about the span linked to.
   * Bits 10 to 31 are written as 0, passed on as they came, and masked when read.
   */
  flags?: number;
}

/** Which side of a call a span is about. An unknown number is kept as it is. */
export type SpanKind = number;
/** The numbers of {@link SpanKind} that have a name. */
export const SpanKind = {
  /** Not said. May be read as internal; a relay leaves it alone. */
  UNSPECIFIED: 0,
  /** Work inside an application, without a remote party. */
  INTERNAL: 1,
  /** Answering a request that came from outside. */
  SERVER: 2,
  /** Making a request and waiting for the answer. */
  CLIENT: 3,
  /** Handing a message to a broker, without waiting for whoever takes it. */
  PRODUCER: 4,
  /** Working on a message that came from a broker. */
  CONSUMER: 5,
} as const;

/** How an operation went. */
export interface SpanStatus {
  /** What went wrong, for people. Only with an error code. */
  message?: string;
  /** The verdict. */
  code?: SpanStatusCode;
}

/** The verdict. An unknown number is kept as it is. */
export type SpanStatusCode = number;
/** The numbers of {@link SpanStatusCode} that have a name. */
export const SpanStatusCode = {
  /** Nobody said. */
  UNSET: 0,
  /** Somebody who can tell, a developer or an operator, said that it went well. */
  OK: 1,
  /** It failed. */
  ERROR: 2,
} as const;

/**
 * Which bits of the `flags` of spans and links mean what. These are masks, not values to compare
 * with. Bits 10 to 31 are reserved.
 */
export type SpanFlags = number;
/** The numbers of {@link SpanFlags} that have a name. */
export const SpanFlags = {
  /** There is no flag with this number; an enum of proto3 must begin with 0. */
  DO_NOT_USE: 0,
  /** Bits 0 to 7: the W3C trace flags. 1 is sampled, 2 is a random trace id. */
  TRACE_FLAGS_MASK: 255,
  /**
   * Bit 8: it is known whether the parent, or the span linked to, is remote. Without it bit 9 says
   * nothing.
   */
  CONTEXT_HAS_IS_REMOTE_MASK: 256,
  /** Bit 9: the parent, or the span linked to, is remote. */
  CONTEXT_IS_REMOTE_MASK: 512,
} as const;

interface Requests {
  traces: ExportTraceServiceRequest;
  metrics: ExportMetricsServiceRequest;
  logs: ExportLogsServiceRequest;
  profiles: ExportProfilesServiceRequest;
}

/** What a signal's Export call takes. */
export type RequestOf<S extends Signal> = Requests[S];

interface Responses {
  traces: ExportTraceServiceResponse;
  metrics: ExportMetricsServiceResponse;
  logs: ExportLogsServiceResponse;
  profiles: ExportProfilesServiceResponse;
}

/** What a signal's Export call answers with. */
export type ResponseOf<S extends Signal> = Responses[S];

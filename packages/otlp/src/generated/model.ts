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

export interface RetryInfo {
  retryDelay?: ProtobufDuration;
}

export interface BadRequest {
  fieldViolations?: BadRequestFieldViolation[];
}

export interface BadRequestFieldViolation {
  field?: string;
  description?: string;
}

export interface RpcStatus {
  code?: number;
  message?: string;
  details?: ProtobufAny[];
}

export interface ExportLogsServiceRequest {
  resourceLogs?: ResourceLogs[];
}

export interface ExportLogsServiceResponse {
  partialSuccess?: ExportLogsPartialSuccess;
}

export interface ExportLogsPartialSuccess {
  rejectedLogRecords?: bigint;
  errorMessage?: string;
}

export interface ExportMetricsServiceRequest {
  resourceMetrics?: ResourceMetrics[];
}

export interface ExportMetricsServiceResponse {
  partialSuccess?: ExportMetricsPartialSuccess;
}

export interface ExportMetricsPartialSuccess {
  rejectedDataPoints?: bigint;
  errorMessage?: string;
}

export interface ExportProfilesServiceRequest {
  resourceProfiles?: ResourceProfiles[];
  dictionary?: ProfilesDictionary;
}

export interface ExportProfilesServiceResponse {
  partialSuccess?: ExportProfilesPartialSuccess;
}

export interface ExportProfilesPartialSuccess {
  rejectedProfiles?: bigint;
  errorMessage?: string;
}

export interface ExportTraceServiceRequest {
  resourceSpans?: ResourceSpans[];
}

export interface ExportTraceServiceResponse {
  partialSuccess?: ExportTracePartialSuccess;
}

export interface ExportTracePartialSuccess {
  rejectedSpans?: bigint;
  errorMessage?: string;
}

export interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: bigint;
  doubleValue?: number;
  arrayValue?: ArrayValue;
  kvlistValue?: KeyValueList;
  bytesValue?: Uint8Array;
  stringValueStrindex?: number;
}

export interface ArrayValue {
  values?: AnyValue[];
}

export interface KeyValueList {
  values?: KeyValue[];
}

export interface KeyValue {
  key?: string;
  value?: AnyValue;
  keyStrindex?: number;
}

export interface InstrumentationScope {
  name?: string;
  version?: string;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
}

export interface EntityRef {
  schemaUrl?: string;
  type?: string;
  idKeys?: string[];
  descriptionKeys?: string[];
}

export interface LogsData {
  resourceLogs?: ResourceLogs[];
}

export interface ResourceLogs {
  resource?: Resource;
  scopeLogs?: ScopeLogs[];
  schemaUrl?: string;
}

export interface ScopeLogs {
  scope?: InstrumentationScope;
  logRecords?: LogRecord[];
  schemaUrl?: string;
}

export interface LogRecord {
  timeUnixNano?: bigint;
  observedTimeUnixNano?: bigint;
  severityNumber?: SeverityNumber;
  severityText?: string;
  body?: AnyValue;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
  flags?: number;
  traceId?: Uint8Array;
  spanId?: Uint8Array;
  eventName?: string;
}

export type SeverityNumber = number;
/** The numbers of {@link SeverityNumber} that have a name. */
export const SeverityNumber = {
  UNSPECIFIED: 0,
  TRACE: 1,
  TRACE2: 2,
  TRACE3: 3,
  TRACE4: 4,
  DEBUG: 5,
  DEBUG2: 6,
  DEBUG3: 7,
  DEBUG4: 8,
  INFO: 9,
  INFO2: 10,
  INFO3: 11,
  INFO4: 12,
  WARN: 13,
  WARN2: 14,
  WARN3: 15,
  WARN4: 16,
  ERROR: 17,
  ERROR2: 18,
  ERROR3: 19,
  ERROR4: 20,
  FATAL: 21,
  FATAL2: 22,
  FATAL3: 23,
  FATAL4: 24,
} as const;

export type LogRecordFlags = number;
/** The numbers of {@link LogRecordFlags} that have a name. */
export const LogRecordFlags = {
  DO_NOT_USE: 0,
  TRACE_FLAGS_MASK: 255,
} as const;

export interface MetricsData {
  resourceMetrics?: ResourceMetrics[];
}

export interface ResourceMetrics {
  resource?: Resource;
  scopeMetrics?: ScopeMetrics[];
  schemaUrl?: string;
}

export interface ScopeMetrics {
  scope?: InstrumentationScope;
  metrics?: Metric[];
  schemaUrl?: string;
}

export interface Metric {
  name?: string;
  description?: string;
  unit?: string;
  gauge?: Gauge;
  sum?: Sum;
  histogram?: Histogram;
  exponentialHistogram?: ExponentialHistogram;
  summary?: Summary;
  metadata?: KeyValue[];
}

export interface Gauge {
  dataPoints?: NumberDataPoint[];
}

export interface Sum {
  dataPoints?: NumberDataPoint[];
  aggregationTemporality?: AggregationTemporality;
  isMonotonic?: boolean;
}

export interface Histogram {
  dataPoints?: HistogramDataPoint[];
  aggregationTemporality?: AggregationTemporality;
}

export interface ExponentialHistogram {
  dataPoints?: ExponentialHistogramDataPoint[];
  aggregationTemporality?: AggregationTemporality;
}

export interface Summary {
  dataPoints?: SummaryDataPoint[];
}

export interface NumberDataPoint {
  attributes?: KeyValue[];
  startTimeUnixNano?: bigint;
  timeUnixNano?: bigint;
  asDouble?: number;
  asInt?: bigint;
  exemplars?: Exemplar[];
  flags?: number;
}

export interface HistogramDataPoint {
  attributes?: KeyValue[];
  startTimeUnixNano?: bigint;
  timeUnixNano?: bigint;
  count?: bigint;
  sum?: number;
  bucketCounts?: bigint[];
  explicitBounds?: number[];
  exemplars?: Exemplar[];
  flags?: number;
  min?: number;
  max?: number;
}

export interface ExponentialHistogramDataPoint {
  attributes?: KeyValue[];
  startTimeUnixNano?: bigint;
  timeUnixNano?: bigint;
  count?: bigint;
  sum?: number;
  scale?: number;
  zeroCount?: bigint;
  positive?: ExponentialHistogramDataPointBuckets;
  negative?: ExponentialHistogramDataPointBuckets;
  flags?: number;
  exemplars?: Exemplar[];
  min?: number;
  max?: number;
  zeroThreshold?: number;
}

export interface ExponentialHistogramDataPointBuckets {
  offset?: number;
  bucketCounts?: bigint[];
}

export interface SummaryDataPoint {
  attributes?: KeyValue[];
  startTimeUnixNano?: bigint;
  timeUnixNano?: bigint;
  count?: bigint;
  sum?: number;
  quantileValues?: SummaryDataPointValueAtQuantile[];
  flags?: number;
}

export interface SummaryDataPointValueAtQuantile {
  quantile?: number;
  value?: number;
}

export interface Exemplar {
  filteredAttributes?: KeyValue[];
  timeUnixNano?: bigint;
  asDouble?: number;
  asInt?: bigint;
  spanId?: Uint8Array;
  traceId?: Uint8Array;
}

export type AggregationTemporality = number;
/** The numbers of {@link AggregationTemporality} that have a name. */
export const AggregationTemporality = {
  UNSPECIFIED: 0,
  DELTA: 1,
  CUMULATIVE: 2,
} as const;

export type DataPointFlags = number;
/** The numbers of {@link DataPointFlags} that have a name. */
export const DataPointFlags = {
  DO_NOT_USE: 0,
  NO_RECORDED_VALUE_MASK: 1,
} as const;

export interface ProcessContext {
  resource?: Resource;
  attributes?: KeyValue[];
}

export interface ProfilesDictionary {
  mappingTable?: ProfileMapping[];
  locationTable?: ProfileLocation[];
  functionTable?: ProfileFunction[];
  linkTable?: ProfileLink[];
  stringTable?: string[];
  attributeTable?: KeyValueAndUnit[];
  stackTable?: ProfileStack[];
}

export interface ProfilesData {
  resourceProfiles?: ResourceProfiles[];
  dictionary?: ProfilesDictionary;
}

export interface ResourceProfiles {
  resource?: Resource;
  scopeProfiles?: ScopeProfiles[];
  schemaUrl?: string;
}

export interface ScopeProfiles {
  scope?: InstrumentationScope;
  profiles?: Profile[];
  schemaUrl?: string;
}

export interface Profile {
  sampleType?: ProfileValueType;
  samples?: ProfileSample[];
  timeUnixNano?: bigint;
  durationNano?: bigint;
  periodType?: ProfileValueType;
  period?: bigint;
  profileId?: Uint8Array;
  droppedAttributesCount?: number;
  originalPayloadFormat?: string;
  originalPayload?: Uint8Array;
  attributeIndices?: number[];
}

export interface ProfileLink {
  traceId?: Uint8Array;
  spanId?: Uint8Array;
}

export interface ProfileValueType {
  typeStrindex?: number;
  unitStrindex?: number;
}

export interface ProfileSample {
  stackIndex?: number;
  attributeIndices?: number[];
  linkIndex?: number;
  values?: bigint[];
  timestampsUnixNano?: bigint[];
}

export interface ProfileMapping {
  memoryStart?: bigint;
  memoryLimit?: bigint;
  fileOffset?: bigint;
  filenameStrindex?: number;
  attributeIndices?: number[];
}

export interface ProfileStack {
  locationIndices?: number[];
}

export interface ProfileLocation {
  mappingIndex?: number;
  address?: bigint;
  lines?: ProfileLine[];
  attributeIndices?: number[];
}

export interface ProfileLine {
  functionIndex?: number;
  line?: bigint;
  column?: bigint;
}

export interface ProfileFunction {
  nameStrindex?: number;
  systemNameStrindex?: number;
  filenameStrindex?: number;
  startLine?: bigint;
}

export interface KeyValueAndUnit {
  keyStrindex?: number;
  value?: AnyValue;
  unitStrindex?: number;
}

export interface Resource {
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
  entityRefs?: EntityRef[];
}

export interface TracesData {
  resourceSpans?: ResourceSpans[];
}

export interface ResourceSpans {
  resource?: Resource;
  scopeSpans?: ScopeSpans[];
  schemaUrl?: string;
}

export interface ScopeSpans {
  scope?: InstrumentationScope;
  spans?: Span[];
  schemaUrl?: string;
}

export interface Span {
  traceId?: Uint8Array;
  spanId?: Uint8Array;
  traceState?: string;
  parentSpanId?: Uint8Array;
  flags?: number;
  name?: string;
  kind?: SpanKind;
  startTimeUnixNano?: bigint;
  endTimeUnixNano?: bigint;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
  events?: SpanEvent[];
  droppedEventsCount?: number;
  links?: SpanLink[];
  droppedLinksCount?: number;
  status?: SpanStatus;
}

export interface SpanEvent {
  timeUnixNano?: bigint;
  name?: string;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
}

export interface SpanLink {
  traceId?: Uint8Array;
  spanId?: Uint8Array;
  traceState?: string;
  attributes?: KeyValue[];
  droppedAttributesCount?: number;
  flags?: number;
}

export type SpanKind = number;
/** The numbers of {@link SpanKind} that have a name. */
export const SpanKind = {
  UNSPECIFIED: 0,
  INTERNAL: 1,
  SERVER: 2,
  CLIENT: 3,
  PRODUCER: 4,
  CONSUMER: 5,
} as const;

export interface SpanStatus {
  message?: string;
  code?: SpanStatusCode;
}

export type SpanStatusCode = number;
/** The numbers of {@link SpanStatusCode} that have a name. */
export const SpanStatusCode = {
  UNSET: 0,
  OK: 1,
  ERROR: 2,
} as const;

export type SpanFlags = number;
/** The numbers of {@link SpanFlags} that have a name. */
export const SpanFlags = {
  DO_NOT_USE: 0,
  TRACE_FLAGS_MASK: 255,
  CONTEXT_HAS_IS_REMOTE_MASK: 256,
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

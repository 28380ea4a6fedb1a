// Generated from proto/ by `node tools/proto/src/generate.ts`. Do not edit: change the .proto files and run it again.

import type { Signal } from "@otlpkit/core";

/** How a field's value is written in protobuf: a scalar type, or "enum" (a varint) or "message" (with its length in front). */
export type FieldKind =
  | "double"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "sint32"
  | "fixed32"
  | "fixed64"
  | "sfixed64"
  | "bool"
  | "string"
  | "bytes"
  | "enum"
  | "message";

/** One field of a message. */
export interface FieldSchema {
  /** The field number on the wire. */
  readonly number: number;
  /** The key in JSON, which is also the member of the interface in the model. */
  readonly name: string;
  readonly kind: FieldKind;
  /** Repeated numbers, booleans and enums are written packed. */
  readonly repeated: boolean;
  /** Full name of the message that the field holds; there when `kind` is "message". */
  readonly message?: string;
  /** Name of the oneof that the field is an arm of: at most one arm is set, and a set arm is written even if it is 0. */
  readonly oneof?: string;
  /** Declared `optional`: absent and 0 are different things. */
  readonly optional?: boolean;
  /** Bytes that OTLP/JSON writes as hex instead of base64 (E-01). */
  readonly hex?: boolean;
}

/** One message. */
export interface MessageSchema {
  /** Full protobuf name, e.g. "opentelemetry.proto.trace.v1.Span". */
  readonly name: string;
  /** In the order of their numbers. */
  readonly fields: readonly FieldSchema[];
}

/** Every message of OTLP and the few of google.rpc and google.protobuf that answers need, by full name. */
export const messages: Readonly<Record<string, MessageSchema>> = {
  "google.protobuf.Duration": {
    name: "google.protobuf.Duration",
    fields: [
      { number: 1, name: "seconds", kind: "int64", repeated: false },
      { number: 2, name: "nanos", kind: "int32", repeated: false },
    ],
  },
  "google.protobuf.Any": {
    name: "google.protobuf.Any",
    fields: [
      { number: 1, name: "typeUrl", kind: "string", repeated: false },
      { number: 2, name: "value", kind: "bytes", repeated: false },
    ],
  },
  "google.rpc.RetryInfo": {
    name: "google.rpc.RetryInfo",
    fields: [
      { number: 1, name: "retryDelay", kind: "message", repeated: false, message: "google.protobuf.Duration" },
    ],
  },
  "google.rpc.BadRequest": {
    name: "google.rpc.BadRequest",
    fields: [
      { number: 1, name: "fieldViolations", kind: "message", repeated: true, message: "google.rpc.BadRequest.FieldViolation" },
    ],
  },
  "google.rpc.BadRequest.FieldViolation": {
    name: "google.rpc.BadRequest.FieldViolation",
    fields: [
      { number: 1, name: "field", kind: "string", repeated: false },
      { number: 2, name: "description", kind: "string", repeated: false },
    ],
  },
  "google.rpc.Status": {
    name: "google.rpc.Status",
    fields: [
      { number: 1, name: "code", kind: "int32", repeated: false },
      { number: 2, name: "message", kind: "string", repeated: false },
      { number: 3, name: "details", kind: "message", repeated: true, message: "google.protobuf.Any" },
    ],
  },
  "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest": {
    name: "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest",
    fields: [
      { number: 1, name: "resourceLogs", kind: "message", repeated: true, message: "opentelemetry.proto.logs.v1.ResourceLogs" },
    ],
  },
  "opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse": {
    name: "opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse",
    fields: [
      { number: 1, name: "partialSuccess", kind: "message", repeated: false, message: "opentelemetry.proto.collector.logs.v1.ExportLogsPartialSuccess" },
    ],
  },
  "opentelemetry.proto.collector.logs.v1.ExportLogsPartialSuccess": {
    name: "opentelemetry.proto.collector.logs.v1.ExportLogsPartialSuccess",
    fields: [
      { number: 1, name: "rejectedLogRecords", kind: "int64", repeated: false },
      { number: 2, name: "errorMessage", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest": {
    name: "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
    fields: [
      { number: 1, name: "resourceMetrics", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.ResourceMetrics" },
    ],
  },
  "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse": {
    name: "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse",
    fields: [
      { number: 1, name: "partialSuccess", kind: "message", repeated: false, message: "opentelemetry.proto.collector.metrics.v1.ExportMetricsPartialSuccess" },
    ],
  },
  "opentelemetry.proto.collector.metrics.v1.ExportMetricsPartialSuccess": {
    name: "opentelemetry.proto.collector.metrics.v1.ExportMetricsPartialSuccess",
    fields: [
      { number: 1, name: "rejectedDataPoints", kind: "int64", repeated: false },
      { number: 2, name: "errorMessage", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceRequest": {
    name: "opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceRequest",
    fields: [
      { number: 1, name: "resourceProfiles", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.ResourceProfiles" },
      { number: 2, name: "dictionary", kind: "message", repeated: false, message: "opentelemetry.proto.profiles.v1development.ProfilesDictionary" },
    ],
  },
  "opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceResponse": {
    name: "opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceResponse",
    fields: [
      { number: 1, name: "partialSuccess", kind: "message", repeated: false, message: "opentelemetry.proto.collector.profiles.v1development.ExportProfilesPartialSuccess" },
    ],
  },
  "opentelemetry.proto.collector.profiles.v1development.ExportProfilesPartialSuccess": {
    name: "opentelemetry.proto.collector.profiles.v1development.ExportProfilesPartialSuccess",
    fields: [
      { number: 1, name: "rejectedProfiles", kind: "int64", repeated: false },
      { number: 2, name: "errorMessage", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest": {
    name: "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
    fields: [
      { number: 1, name: "resourceSpans", kind: "message", repeated: true, message: "opentelemetry.proto.trace.v1.ResourceSpans" },
    ],
  },
  "opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse": {
    name: "opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse",
    fields: [
      { number: 1, name: "partialSuccess", kind: "message", repeated: false, message: "opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess" },
    ],
  },
  "opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess": {
    name: "opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess",
    fields: [
      { number: 1, name: "rejectedSpans", kind: "int64", repeated: false },
      { number: 2, name: "errorMessage", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.common.v1.AnyValue": {
    name: "opentelemetry.proto.common.v1.AnyValue",
    fields: [
      { number: 1, name: "stringValue", kind: "string", repeated: false, oneof: "value" },
      { number: 2, name: "boolValue", kind: "bool", repeated: false, oneof: "value" },
      { number: 3, name: "intValue", kind: "int64", repeated: false, oneof: "value" },
      { number: 4, name: "doubleValue", kind: "double", repeated: false, oneof: "value" },
      { number: 5, name: "arrayValue", kind: "message", repeated: false, message: "opentelemetry.proto.common.v1.ArrayValue", oneof: "value" },
      { number: 6, name: "kvlistValue", kind: "message", repeated: false, message: "opentelemetry.proto.common.v1.KeyValueList", oneof: "value" },
      { number: 7, name: "bytesValue", kind: "bytes", repeated: false, oneof: "value" },
      { number: 8, name: "stringValueStrindex", kind: "int32", repeated: false, oneof: "value" },
    ],
  },
  "opentelemetry.proto.common.v1.ArrayValue": {
    name: "opentelemetry.proto.common.v1.ArrayValue",
    fields: [
      { number: 1, name: "values", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.AnyValue" },
    ],
  },
  "opentelemetry.proto.common.v1.KeyValueList": {
    name: "opentelemetry.proto.common.v1.KeyValueList",
    fields: [
      { number: 1, name: "values", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
    ],
  },
  "opentelemetry.proto.common.v1.KeyValue": {
    name: "opentelemetry.proto.common.v1.KeyValue",
    fields: [
      { number: 1, name: "key", kind: "string", repeated: false },
      { number: 2, name: "value", kind: "message", repeated: false, message: "opentelemetry.proto.common.v1.AnyValue" },
      { number: 3, name: "keyStrindex", kind: "int32", repeated: false },
    ],
  },
  "opentelemetry.proto.common.v1.InstrumentationScope": {
    name: "opentelemetry.proto.common.v1.InstrumentationScope",
    fields: [
      { number: 1, name: "name", kind: "string", repeated: false },
      { number: 2, name: "version", kind: "string", repeated: false },
      { number: 3, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 4, name: "droppedAttributesCount", kind: "uint32", repeated: false },
    ],
  },
  "opentelemetry.proto.common.v1.EntityRef": {
    name: "opentelemetry.proto.common.v1.EntityRef",
    fields: [
      { number: 1, name: "schemaUrl", kind: "string", repeated: false },
      { number: 2, name: "type", kind: "string", repeated: false },
      { number: 3, name: "idKeys", kind: "string", repeated: true },
      { number: 4, name: "descriptionKeys", kind: "string", repeated: true },
    ],
  },
  "opentelemetry.proto.logs.v1.LogsData": {
    name: "opentelemetry.proto.logs.v1.LogsData",
    fields: [
      { number: 1, name: "resourceLogs", kind: "message", repeated: true, message: "opentelemetry.proto.logs.v1.ResourceLogs" },
    ],
  },
  "opentelemetry.proto.logs.v1.ResourceLogs": {
    name: "opentelemetry.proto.logs.v1.ResourceLogs",
    fields: [
      { number: 1, name: "resource", kind: "message", repeated: false, message: "opentelemetry.proto.resource.v1.Resource" },
      { number: 2, name: "scopeLogs", kind: "message", repeated: true, message: "opentelemetry.proto.logs.v1.ScopeLogs" },
      { number: 3, name: "schemaUrl", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.logs.v1.ScopeLogs": {
    name: "opentelemetry.proto.logs.v1.ScopeLogs",
    fields: [
      { number: 1, name: "scope", kind: "message", repeated: false, message: "opentelemetry.proto.common.v1.InstrumentationScope" },
      { number: 2, name: "logRecords", kind: "message", repeated: true, message: "opentelemetry.proto.logs.v1.LogRecord" },
      { number: 3, name: "schemaUrl", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.logs.v1.LogRecord": {
    name: "opentelemetry.proto.logs.v1.LogRecord",
    fields: [
      { number: 1, name: "timeUnixNano", kind: "fixed64", repeated: false },
      { number: 2, name: "severityNumber", kind: "enum", repeated: false },
      { number: 3, name: "severityText", kind: "string", repeated: false },
      { number: 5, name: "body", kind: "message", repeated: false, message: "opentelemetry.proto.common.v1.AnyValue" },
      { number: 6, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 7, name: "droppedAttributesCount", kind: "uint32", repeated: false },
      { number: 8, name: "flags", kind: "fixed32", repeated: false },
      { number: 9, name: "traceId", kind: "bytes", repeated: false, hex: true },
      { number: 10, name: "spanId", kind: "bytes", repeated: false, hex: true },
      { number: 11, name: "observedTimeUnixNano", kind: "fixed64", repeated: false },
      { number: 12, name: "eventName", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.MetricsData": {
    name: "opentelemetry.proto.metrics.v1.MetricsData",
    fields: [
      { number: 1, name: "resourceMetrics", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.ResourceMetrics" },
    ],
  },
  "opentelemetry.proto.metrics.v1.ResourceMetrics": {
    name: "opentelemetry.proto.metrics.v1.ResourceMetrics",
    fields: [
      { number: 1, name: "resource", kind: "message", repeated: false, message: "opentelemetry.proto.resource.v1.Resource" },
      { number: 2, name: "scopeMetrics", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.ScopeMetrics" },
      { number: 3, name: "schemaUrl", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.ScopeMetrics": {
    name: "opentelemetry.proto.metrics.v1.ScopeMetrics",
    fields: [
      { number: 1, name: "scope", kind: "message", repeated: false, message: "opentelemetry.proto.common.v1.InstrumentationScope" },
      { number: 2, name: "metrics", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.Metric" },
      { number: 3, name: "schemaUrl", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.Metric": {
    name: "opentelemetry.proto.metrics.v1.Metric",
    fields: [
      { number: 1, name: "name", kind: "string", repeated: false },
      { number: 2, name: "description", kind: "string", repeated: false },
      { number: 3, name: "unit", kind: "string", repeated: false },
      { number: 5, name: "gauge", kind: "message", repeated: false, message: "opentelemetry.proto.metrics.v1.Gauge", oneof: "data" },
      { number: 7, name: "sum", kind: "message", repeated: false, message: "opentelemetry.proto.metrics.v1.Sum", oneof: "data" },
      { number: 9, name: "histogram", kind: "message", repeated: false, message: "opentelemetry.proto.metrics.v1.Histogram", oneof: "data" },
      { number: 10, name: "exponentialHistogram", kind: "message", repeated: false, message: "opentelemetry.proto.metrics.v1.ExponentialHistogram", oneof: "data" },
      { number: 11, name: "summary", kind: "message", repeated: false, message: "opentelemetry.proto.metrics.v1.Summary", oneof: "data" },
      { number: 12, name: "metadata", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
    ],
  },
  "opentelemetry.proto.metrics.v1.Gauge": {
    name: "opentelemetry.proto.metrics.v1.Gauge",
    fields: [
      { number: 1, name: "dataPoints", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.NumberDataPoint" },
    ],
  },
  "opentelemetry.proto.metrics.v1.Sum": {
    name: "opentelemetry.proto.metrics.v1.Sum",
    fields: [
      { number: 1, name: "dataPoints", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.NumberDataPoint" },
      { number: 2, name: "aggregationTemporality", kind: "enum", repeated: false },
      { number: 3, name: "isMonotonic", kind: "bool", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.Histogram": {
    name: "opentelemetry.proto.metrics.v1.Histogram",
    fields: [
      { number: 1, name: "dataPoints", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.HistogramDataPoint" },
      { number: 2, name: "aggregationTemporality", kind: "enum", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.ExponentialHistogram": {
    name: "opentelemetry.proto.metrics.v1.ExponentialHistogram",
    fields: [
      { number: 1, name: "dataPoints", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint" },
      { number: 2, name: "aggregationTemporality", kind: "enum", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.Summary": {
    name: "opentelemetry.proto.metrics.v1.Summary",
    fields: [
      { number: 1, name: "dataPoints", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.SummaryDataPoint" },
    ],
  },
  "opentelemetry.proto.metrics.v1.NumberDataPoint": {
    name: "opentelemetry.proto.metrics.v1.NumberDataPoint",
    fields: [
      { number: 2, name: "startTimeUnixNano", kind: "fixed64", repeated: false },
      { number: 3, name: "timeUnixNano", kind: "fixed64", repeated: false },
      { number: 4, name: "asDouble", kind: "double", repeated: false, oneof: "value" },
      { number: 5, name: "exemplars", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.Exemplar" },
      { number: 6, name: "asInt", kind: "sfixed64", repeated: false, oneof: "value" },
      { number: 7, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 8, name: "flags", kind: "uint32", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.HistogramDataPoint": {
    name: "opentelemetry.proto.metrics.v1.HistogramDataPoint",
    fields: [
      { number: 2, name: "startTimeUnixNano", kind: "fixed64", repeated: false },
      { number: 3, name: "timeUnixNano", kind: "fixed64", repeated: false },
      { number: 4, name: "count", kind: "fixed64", repeated: false },
      { number: 5, name: "sum", kind: "double", repeated: false, optional: true },
      { number: 6, name: "bucketCounts", kind: "fixed64", repeated: true },
      { number: 7, name: "explicitBounds", kind: "double", repeated: true },
      { number: 8, name: "exemplars", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.Exemplar" },
      { number: 9, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 10, name: "flags", kind: "uint32", repeated: false },
      { number: 11, name: "min", kind: "double", repeated: false, optional: true },
      { number: 12, name: "max", kind: "double", repeated: false, optional: true },
    ],
  },
  "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint": {
    name: "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint",
    fields: [
      { number: 1, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 2, name: "startTimeUnixNano", kind: "fixed64", repeated: false },
      { number: 3, name: "timeUnixNano", kind: "fixed64", repeated: false },
      { number: 4, name: "count", kind: "fixed64", repeated: false },
      { number: 5, name: "sum", kind: "double", repeated: false, optional: true },
      { number: 6, name: "scale", kind: "sint32", repeated: false },
      { number: 7, name: "zeroCount", kind: "fixed64", repeated: false },
      { number: 8, name: "positive", kind: "message", repeated: false, message: "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint.Buckets" },
      { number: 9, name: "negative", kind: "message", repeated: false, message: "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint.Buckets" },
      { number: 10, name: "flags", kind: "uint32", repeated: false },
      { number: 11, name: "exemplars", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.Exemplar" },
      { number: 12, name: "min", kind: "double", repeated: false, optional: true },
      { number: 13, name: "max", kind: "double", repeated: false, optional: true },
      { number: 14, name: "zeroThreshold", kind: "double", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint.Buckets": {
    name: "opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint.Buckets",
    fields: [
      { number: 1, name: "offset", kind: "sint32", repeated: false },
      { number: 2, name: "bucketCounts", kind: "uint64", repeated: true },
    ],
  },
  "opentelemetry.proto.metrics.v1.SummaryDataPoint": {
    name: "opentelemetry.proto.metrics.v1.SummaryDataPoint",
    fields: [
      { number: 2, name: "startTimeUnixNano", kind: "fixed64", repeated: false },
      { number: 3, name: "timeUnixNano", kind: "fixed64", repeated: false },
      { number: 4, name: "count", kind: "fixed64", repeated: false },
      { number: 5, name: "sum", kind: "double", repeated: false },
      { number: 6, name: "quantileValues", kind: "message", repeated: true, message: "opentelemetry.proto.metrics.v1.SummaryDataPoint.ValueAtQuantile" },
      { number: 7, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 8, name: "flags", kind: "uint32", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.SummaryDataPoint.ValueAtQuantile": {
    name: "opentelemetry.proto.metrics.v1.SummaryDataPoint.ValueAtQuantile",
    fields: [
      { number: 1, name: "quantile", kind: "double", repeated: false },
      { number: 2, name: "value", kind: "double", repeated: false },
    ],
  },
  "opentelemetry.proto.metrics.v1.Exemplar": {
    name: "opentelemetry.proto.metrics.v1.Exemplar",
    fields: [
      { number: 2, name: "timeUnixNano", kind: "fixed64", repeated: false },
      { number: 3, name: "asDouble", kind: "double", repeated: false, oneof: "value" },
      { number: 4, name: "spanId", kind: "bytes", repeated: false, hex: true },
      { number: 5, name: "traceId", kind: "bytes", repeated: false, hex: true },
      { number: 6, name: "asInt", kind: "sfixed64", repeated: false, oneof: "value" },
      { number: 7, name: "filteredAttributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
    ],
  },
  "opentelemetry.proto.processcontext.v1development.ProcessContext": {
    name: "opentelemetry.proto.processcontext.v1development.ProcessContext",
    fields: [
      { number: 1, name: "resource", kind: "message", repeated: false, message: "opentelemetry.proto.resource.v1.Resource" },
      { number: 2, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
    ],
  },
  "opentelemetry.proto.profiles.v1development.ProfilesDictionary": {
    name: "opentelemetry.proto.profiles.v1development.ProfilesDictionary",
    fields: [
      { number: 1, name: "mappingTable", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.Mapping" },
      { number: 2, name: "locationTable", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.Location" },
      { number: 3, name: "functionTable", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.Function" },
      { number: 4, name: "linkTable", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.Link" },
      { number: 5, name: "stringTable", kind: "string", repeated: true },
      { number: 6, name: "attributeTable", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.KeyValueAndUnit" },
      { number: 7, name: "stackTable", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.Stack" },
    ],
  },
  "opentelemetry.proto.profiles.v1development.ProfilesData": {
    name: "opentelemetry.proto.profiles.v1development.ProfilesData",
    fields: [
      { number: 1, name: "resourceProfiles", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.ResourceProfiles" },
      { number: 2, name: "dictionary", kind: "message", repeated: false, message: "opentelemetry.proto.profiles.v1development.ProfilesDictionary" },
    ],
  },
  "opentelemetry.proto.profiles.v1development.ResourceProfiles": {
    name: "opentelemetry.proto.profiles.v1development.ResourceProfiles",
    fields: [
      { number: 1, name: "resource", kind: "message", repeated: false, message: "opentelemetry.proto.resource.v1.Resource" },
      { number: 2, name: "scopeProfiles", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.ScopeProfiles" },
      { number: 3, name: "schemaUrl", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.profiles.v1development.ScopeProfiles": {
    name: "opentelemetry.proto.profiles.v1development.ScopeProfiles",
    fields: [
      { number: 1, name: "scope", kind: "message", repeated: false, message: "opentelemetry.proto.common.v1.InstrumentationScope" },
      { number: 2, name: "profiles", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.Profile" },
      { number: 3, name: "schemaUrl", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.profiles.v1development.Profile": {
    name: "opentelemetry.proto.profiles.v1development.Profile",
    fields: [
      { number: 1, name: "sampleType", kind: "message", repeated: false, message: "opentelemetry.proto.profiles.v1development.ValueType" },
      { number: 2, name: "samples", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.Sample" },
      { number: 3, name: "timeUnixNano", kind: "fixed64", repeated: false },
      { number: 4, name: "durationNano", kind: "uint64", repeated: false },
      { number: 5, name: "periodType", kind: "message", repeated: false, message: "opentelemetry.proto.profiles.v1development.ValueType" },
      { number: 6, name: "period", kind: "int64", repeated: false },
      { number: 7, name: "profileId", kind: "bytes", repeated: false },
      { number: 8, name: "droppedAttributesCount", kind: "uint32", repeated: false },
      { number: 9, name: "originalPayloadFormat", kind: "string", repeated: false },
      { number: 10, name: "originalPayload", kind: "bytes", repeated: false },
      { number: 11, name: "attributeIndices", kind: "int32", repeated: true },
    ],
  },
  "opentelemetry.proto.profiles.v1development.Link": {
    name: "opentelemetry.proto.profiles.v1development.Link",
    fields: [
      { number: 1, name: "traceId", kind: "bytes", repeated: false, hex: true },
      { number: 2, name: "spanId", kind: "bytes", repeated: false, hex: true },
    ],
  },
  "opentelemetry.proto.profiles.v1development.ValueType": {
    name: "opentelemetry.proto.profiles.v1development.ValueType",
    fields: [
      { number: 1, name: "typeStrindex", kind: "int32", repeated: false },
      { number: 2, name: "unitStrindex", kind: "int32", repeated: false },
    ],
  },
  "opentelemetry.proto.profiles.v1development.Sample": {
    name: "opentelemetry.proto.profiles.v1development.Sample",
    fields: [
      { number: 1, name: "stackIndex", kind: "int32", repeated: false },
      { number: 2, name: "attributeIndices", kind: "int32", repeated: true },
      { number: 3, name: "linkIndex", kind: "int32", repeated: false },
      { number: 4, name: "values", kind: "int64", repeated: true },
      { number: 5, name: "timestampsUnixNano", kind: "fixed64", repeated: true },
    ],
  },
  "opentelemetry.proto.profiles.v1development.Mapping": {
    name: "opentelemetry.proto.profiles.v1development.Mapping",
    fields: [
      { number: 1, name: "memoryStart", kind: "uint64", repeated: false },
      { number: 2, name: "memoryLimit", kind: "uint64", repeated: false },
      { number: 3, name: "fileOffset", kind: "uint64", repeated: false },
      { number: 4, name: "filenameStrindex", kind: "int32", repeated: false },
      { number: 5, name: "attributeIndices", kind: "int32", repeated: true },
    ],
  },
  "opentelemetry.proto.profiles.v1development.Stack": {
    name: "opentelemetry.proto.profiles.v1development.Stack",
    fields: [
      { number: 1, name: "locationIndices", kind: "int32", repeated: true },
    ],
  },
  "opentelemetry.proto.profiles.v1development.Location": {
    name: "opentelemetry.proto.profiles.v1development.Location",
    fields: [
      { number: 1, name: "mappingIndex", kind: "int32", repeated: false },
      { number: 2, name: "address", kind: "uint64", repeated: false },
      { number: 3, name: "lines", kind: "message", repeated: true, message: "opentelemetry.proto.profiles.v1development.Line" },
      { number: 4, name: "attributeIndices", kind: "int32", repeated: true },
    ],
  },
  "opentelemetry.proto.profiles.v1development.Line": {
    name: "opentelemetry.proto.profiles.v1development.Line",
    fields: [
      { number: 1, name: "functionIndex", kind: "int32", repeated: false },
      { number: 2, name: "line", kind: "int64", repeated: false },
      { number: 3, name: "column", kind: "int64", repeated: false },
    ],
  },
  "opentelemetry.proto.profiles.v1development.Function": {
    name: "opentelemetry.proto.profiles.v1development.Function",
    fields: [
      { number: 1, name: "nameStrindex", kind: "int32", repeated: false },
      { number: 2, name: "systemNameStrindex", kind: "int32", repeated: false },
      { number: 3, name: "filenameStrindex", kind: "int32", repeated: false },
      { number: 4, name: "startLine", kind: "int64", repeated: false },
    ],
  },
  "opentelemetry.proto.profiles.v1development.KeyValueAndUnit": {
    name: "opentelemetry.proto.profiles.v1development.KeyValueAndUnit",
    fields: [
      { number: 1, name: "keyStrindex", kind: "int32", repeated: false },
      { number: 2, name: "value", kind: "message", repeated: false, message: "opentelemetry.proto.common.v1.AnyValue" },
      { number: 3, name: "unitStrindex", kind: "int32", repeated: false },
    ],
  },
  "opentelemetry.proto.resource.v1.Resource": {
    name: "opentelemetry.proto.resource.v1.Resource",
    fields: [
      { number: 1, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 2, name: "droppedAttributesCount", kind: "uint32", repeated: false },
      { number: 3, name: "entityRefs", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.EntityRef" },
    ],
  },
  "opentelemetry.proto.trace.v1.TracesData": {
    name: "opentelemetry.proto.trace.v1.TracesData",
    fields: [
      { number: 1, name: "resourceSpans", kind: "message", repeated: true, message: "opentelemetry.proto.trace.v1.ResourceSpans" },
    ],
  },
  "opentelemetry.proto.trace.v1.ResourceSpans": {
    name: "opentelemetry.proto.trace.v1.ResourceSpans",
    fields: [
      { number: 1, name: "resource", kind: "message", repeated: false, message: "opentelemetry.proto.resource.v1.Resource" },
      { number: 2, name: "scopeSpans", kind: "message", repeated: true, message: "opentelemetry.proto.trace.v1.ScopeSpans" },
      { number: 3, name: "schemaUrl", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.trace.v1.ScopeSpans": {
    name: "opentelemetry.proto.trace.v1.ScopeSpans",
    fields: [
      { number: 1, name: "scope", kind: "message", repeated: false, message: "opentelemetry.proto.common.v1.InstrumentationScope" },
      { number: 2, name: "spans", kind: "message", repeated: true, message: "opentelemetry.proto.trace.v1.Span" },
      { number: 3, name: "schemaUrl", kind: "string", repeated: false },
    ],
  },
  "opentelemetry.proto.trace.v1.Span": {
    name: "opentelemetry.proto.trace.v1.Span",
    fields: [
      { number: 1, name: "traceId", kind: "bytes", repeated: false, hex: true },
      { number: 2, name: "spanId", kind: "bytes", repeated: false, hex: true },
      { number: 3, name: "traceState", kind: "string", repeated: false },
      { number: 4, name: "parentSpanId", kind: "bytes", repeated: false, hex: true },
      { number: 5, name: "name", kind: "string", repeated: false },
      { number: 6, name: "kind", kind: "enum", repeated: false },
      { number: 7, name: "startTimeUnixNano", kind: "fixed64", repeated: false },
      { number: 8, name: "endTimeUnixNano", kind: "fixed64", repeated: false },
      { number: 9, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 10, name: "droppedAttributesCount", kind: "uint32", repeated: false },
      { number: 11, name: "events", kind: "message", repeated: true, message: "opentelemetry.proto.trace.v1.Span.Event" },
      { number: 12, name: "droppedEventsCount", kind: "uint32", repeated: false },
      { number: 13, name: "links", kind: "message", repeated: true, message: "opentelemetry.proto.trace.v1.Span.Link" },
      { number: 14, name: "droppedLinksCount", kind: "uint32", repeated: false },
      { number: 15, name: "status", kind: "message", repeated: false, message: "opentelemetry.proto.trace.v1.Status" },
      { number: 16, name: "flags", kind: "fixed32", repeated: false },
    ],
  },
  "opentelemetry.proto.trace.v1.Span.Event": {
    name: "opentelemetry.proto.trace.v1.Span.Event",
    fields: [
      { number: 1, name: "timeUnixNano", kind: "fixed64", repeated: false },
      { number: 2, name: "name", kind: "string", repeated: false },
      { number: 3, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 4, name: "droppedAttributesCount", kind: "uint32", repeated: false },
    ],
  },
  "opentelemetry.proto.trace.v1.Span.Link": {
    name: "opentelemetry.proto.trace.v1.Span.Link",
    fields: [
      { number: 1, name: "traceId", kind: "bytes", repeated: false, hex: true },
      { number: 2, name: "spanId", kind: "bytes", repeated: false, hex: true },
      { number: 3, name: "traceState", kind: "string", repeated: false },
      { number: 4, name: "attributes", kind: "message", repeated: true, message: "opentelemetry.proto.common.v1.KeyValue" },
      { number: 5, name: "droppedAttributesCount", kind: "uint32", repeated: false },
      { number: 6, name: "flags", kind: "fixed32", repeated: false },
    ],
  },
  "opentelemetry.proto.trace.v1.Status": {
    name: "opentelemetry.proto.trace.v1.Status",
    fields: [
      { number: 2, name: "message", kind: "string", repeated: false },
      { number: 3, name: "code", kind: "enum", repeated: false },
    ],
  },
};

/** Full name of the message that a signal's Export call takes. */
export const requestNames: Readonly<Record<Signal, string>> = {
  traces: "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
  metrics: "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
  logs: "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest",
  profiles: "opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceRequest",
};

/** Full name of the message that a signal's Export call answers with. */
export const responseNames: Readonly<Record<Signal, string>> = {
  traces: "opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse",
  metrics: "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse",
  logs: "opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse",
  profiles: "opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceResponse",
};

// Requests as bytes.
export { scan, type ScanOptions } from "./scan.ts";
export { countItems, visitItems, visitTraceIds } from "./visit.ts";
export { canMerge, merge } from "./merge.ts";
export { splitByBytes, type SplitByBytes, splitByItems } from "./split.ts";
export { splitByKey } from "./split-by-key.ts";
export { splitByResource } from "./split-by-resource.ts";
export { traceIdBucket, traceIdHash } from "./trace-id-bucket.ts";
export { type BatchEdits, editBatch, filterItems } from "./edit.ts";
export { type ItemView, traceIdKey } from "./item-view.ts";
export type { MessageView } from "./message-view.ts";
export type { MessageEditor } from "./message-editor.ts";
export type { AttributeValue } from "./any-value.ts";
export type { FieldValue } from "./write-field.ts";
export { type Edit, splice } from "./splice.ts";
// Recorded telemetry as bytes.
export type { RecordEncoder } from "./record/record-encoder.ts";
export { spanEncoder } from "./record/span-encoder.ts";
export { logEncoder } from "./record/log-encoder.ts";
export { metricEncoder } from "./record/metric-encoder.ts";
export type { RecordedEvent, RecordedLink, RecordedSpan } from "./record/recorded-span.ts";
export type { RecordedLog } from "./record/recorded-log.ts";
export type {
  RecordedBuckets,
  RecordedExemplar,
  RecordedExponentialHistogram,
  RecordedHistogram,
  RecordedMetric,
  RecordedMetrics,
  RecordedPoint,
  RecordedSummary,
} from "./record/recorded-metrics.ts";
export type {
  HrTime,
  RecordedAttributes,
  RecordedResource,
  RecordedScope,
  RecordedSpanContext,
} from "./record/recorded.ts";
// JSON, objects and answers.
export { jsonToProtobuf, protobufToJson, toJson } from "./json.ts";
export { decode, decodeMessage } from "./decode.ts";
export { encode, encodeMessage } from "./encode.ts";
export { decodeReply, encodeReply } from "./reply.ts";
export { decodeStatus, encodeStatus, type FieldViolation, grpcCode, type Status } from "./status.ts";
export { statusMessage } from "./status-message.ts";
export { errorOf, statusOf } from "./error-status.ts";
// What the messages look like.
export * from "./generated/model.ts";
export {
  type FieldKind,
  type FieldSchema,
  type MessageSchema,
  messages,
  requestNames,
  responseNames,
} from "./generated/schema.ts";

export { audit, type AuditOptions } from "./audit.ts";
export { summed, type SummedAudit, type SummedOptions } from "./summed.ts";
export { type AuditLog, auditLog, type AuditLogOptions } from "./audit-log.ts";
export { fileSink, type FileSinkOptions } from "./file-sink.ts";
export { consoleSink } from "./console-sink.ts";
export { otlpSink, type OtlpSinkOptions } from "./otlp-sink.ts";
export { callbackSink } from "./callback-sink.ts";
export { type AuditProblem, type Verification, verifyAudit, type VerifyOptions } from "./verify.ts";
// For authors of sinks and of other verifiers.
export type { AuditSink } from "./sink.ts";
export { allowedFacts } from "./allowed.ts";
export { canonicalJson, type Json } from "./canonical-json.ts";
export { type ChainedRecord, hashOf, type Head } from "./chain.ts";

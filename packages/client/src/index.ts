export { createClient } from "./create-client.ts";
export type { FlushOptions, FlushReport, OtlpClient } from "./otlp-client.ts";
export type { BufferOptions, ClientOptions, ExportOptions, Protocol, TlsSettings } from "./options.ts";
export type { Attributes, Resource, Scope } from "./resource.ts";
export type { ClientEvents, Listener } from "./events.ts";
export type { Counters, DropReason } from "./ledger.ts";
export type { PlainLog } from "./plain/plain-log.ts";
export type { PlainMetric } from "./plain/plain-metric.ts";
export type { PlainSpan } from "./plain/plain-span.ts";

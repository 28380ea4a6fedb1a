// The logs API of OpenTelemetry as far as it is implemented here. It is part of `@opentelemetry/api` since 1.10, and was a
// package of its own before, `@opentelemetry/api-logs`; with types of our own both fit, and neither is needed.
import type { Context, TimeInput } from "@opentelemetry/api";
import type { Attributes } from "../../resource.ts";

/** What a program, or a bridge from its logging library, says. */
export interface LogRecord {
  /** Makes the record an event of that kind (M-23). */
  readonly eventName?: string | undefined;
  /** When it happened. Default: now. */
  readonly timestamp?: TimeInput | undefined;
  /** When it was noticed. Default: now. */
  readonly observedTimestamp?: TimeInput | undefined;
  /** 1 (least of trace) to 24 (worst of fatal) (M-24). */
  readonly severityNumber?: number | undefined;
  /** The severity as the source says it. */
  readonly severityText?: string | undefined;
  /** What there is to say: a text, or any other value. */
  readonly body?: unknown;
  readonly attributes?: Attributes | undefined;
  /** What was thrown. Told by the attributes `exception.type`, `.message` and `.stacktrace`, unless those are given. */
  readonly exception?: unknown;
  /** Tells the span it belongs to. Default: the current context. */
  readonly context?: Context | undefined;
}

export interface Logger {
  emit(record: LogRecord): void;
  /** Whether it is worth the effort to make such a record. */
  enabled(options?: Pick<LogRecord, "context" | "severityNumber" | "eventName">): boolean;
}

export interface LoggerOptions {
  readonly schemaUrl?: string | undefined;
  /** Attributes of the scope. */
  readonly attributes?: Attributes | undefined;
  /** The same, as `@opentelemetry/api-logs` called them once. */
  readonly scopeAttributes?: Attributes | undefined;
  /** Whether records tell the span that is current. Of `@opentelemetry/api-logs` once. Default true. */
  readonly includeTraceContext?: boolean | undefined;
}

export interface LoggerProvider {
  getLogger(name: string, version?: string, options?: LoggerOptions): Logger;
}

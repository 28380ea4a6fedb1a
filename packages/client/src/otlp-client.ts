import type { Ack, Batch, SendOptions, Signal } from "@otlpkit/core";
import type { RecordedLog, RecordedMetrics, RecordedSpan } from "@otlpkit/otlp";
import type { ClientEvents, Listener } from "./events.ts";
import type { Counters } from "./ledger.ts";
import type { PlainLog } from "./plain/plain-log.ts";
import type { PlainMetric } from "./plain/plain-metric.ts";
import type { PlainSpan } from "./plain/plain-span.ts";
import type { Resource } from "./resource.ts";

/**
 * Carries traces, metrics and logs out of this program.
 *
 * What is recorded is encoded at once, so that the object given can be forgotten or changed; it is sent when there is
 * enough of it or it is old enough, several requests at a time, again while the far side cannot take it. What is held or
 * under way never exceeds the byte budget. No method but `send` reports by throwing: see `counters` and `on`.
 */
export interface OtlpClient {
  /** Whose telemetry this is: what options and environment say, for those who build records for `record…` themselves. */
  readonly resource: Resource;
  /**
   * Takes a span that has ended: one of the OpenTelemetry SDK (any generation), or a plain object. Never waits, never
   * throws.
   */
  recordSpan(span: RecordedSpan | PlainSpan): void;
  /** Takes a log record: one of the OpenTelemetry SDK, or a plain object. Never waits, never throws. */
  recordLog(log: RecordedLog | PlainLog): void;
  /** Takes metrics: what a metric reader of the OpenTelemetry SDK collected, or a plain object. Never waits, never throws. */
  recordMetric(metric: RecordedMetrics | PlainMetric): void;
  /**
   * Sends encoded items as they are, without a copy, and gives the answer of the far side.
   *
   * @throws ExportError when they were not delivered within `timeoutMs` (or `options.deadline`, if that is given).
   */
  send(batch: Batch, options?: SendOptions): Promise<Ack>;
  /**
   * Sends what is held now, and resolves when everything accepted before this call has been answered; what comes later
   * does not prolong it. Never rejects.
   */
  flush(options?: FlushOptions): Promise<FlushReport>;
  /**
   * Takes nothing more, flushes, then lets go of connections and timers. Keeps to its time: when it is over, waits and
   * attempts are broken off, and what was not answered is reported as left. Safe to call twice. Never rejects.
   */
  close(options?: FlushOptions): Promise<FlushReport>;
  /** Tells `listener` about each event of that name until the returned function is called. A listener that throws is ignored. */
  on<Name extends keyof ClientEvents>(event: Name, listener: Listener<Name>): () => void;
  /**
   * What became of every item, by signal: `accepted = delivered + rejected + dropped + left + pending`, at any moment.
   */
  counters(signal: Signal): Counters;
}

/** How long to wait. */
export interface FlushOptions {
  /** Default: 30,000 for `flush`, as the processors of the OpenTelemetry SDK; 10,000 for `close`. `0`: not at all. */
  readonly timeoutMs?: number;
}

/** How a flush or close ended. What became of the items is in the counters and events. */
export interface FlushReport {
  /** Items waited for that were refused for good or given up. */
  readonly failed: number;
  /** Items waited for that had no answer when the time was over. After `flush` they are still tried; after `close` they are lost, unless a queue keeps them. */
  readonly left: number;
}

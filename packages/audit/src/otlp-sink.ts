import { ExportError, protobufBatch, type Sender } from "@otlpkit/core";
import { encode } from "@otlpkit/otlp";
import type { ChainedRecord } from "./chain.ts";
import type { AuditSink } from "./sink.ts";

/** Options of {@link otlpSink}. */
export interface OtlpSinkOptions {
  /** `service.name` of the records. Default "otlpkit-audit". */
  readonly serviceName?: string;
  /** The longest wait for an answer, in ms. Default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Sends each record as an OTLP log record: the body is the record as it is chained (so that whoever has it can verify),
 * `event.name` the action, and what people filter by stands in attributes. Records go to a place that the writer of the
 * log can't change, which is what makes rewriting it visible. `sender` is any sender of yours, with its retry; it is closed
 * with the sink.
 */
export function otlpSink(sender: Sender, options: OtlpSinkOptions = {}): AuditSink {
  const { serviceName = "otlpkit-audit", timeoutMs = 10_000 } = options;
  return {
    name: "otlp",
    open: () => Promise.resolve(undefined),
    async write(records) {
      const body = encode("logs", {
        resourceLogs: [
          {
            resource: { attributes: [text("service.name", serviceName)] },
            scopeLogs: [{ scope: { name: "@otlpkit/audit" }, logRecords: records.map(logRecord) }],
          },
        ],
      });
      const ack = await sender.send(protobufBatch("logs", body, records.length), {
        deadline: performance.now() + timeoutMs,
      });
      if (ack.rejectedItems > 0) {
        throw new ExportError("rejected", `${ack.rejectedItems} audit records were not accepted: ${ack.message}`);
      }
    },
    close: () => sender.close(),
  };
}

function logRecord(record: ChainedRecord) {
  const { action, outcome, actor, target, reason, seq, hash, time } = record;
  const nanos = BigInt(Date.parse(time)) * 1_000_000n;
  const failed = outcome === "failure";
  return {
    timeUnixNano: nanos,
    observedTimeUnixNano: nanos,
    severityNumber: failed ? 13 : 9,
    severityText: failed ? "WARN" : "INFO",
    eventName: action,
    body: { stringValue: JSON.stringify(record) },
    attributes: [
      text("audit.outcome", outcome),
      text("audit.actor", actor),
      text("audit.target", target),
      ...(reason === undefined ? [] : [text("audit.reason", reason)]),
      { key: "audit.seq", value: { intValue: BigInt(seq) } },
      text("audit.hash", hash),
    ],
  };
}

function text(key: string, stringValue: string) {
  return { key, value: { stringValue } };
}

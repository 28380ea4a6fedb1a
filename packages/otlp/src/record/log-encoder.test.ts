import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "../decode.ts";
import { encode } from "../encode.ts";
import type { LogRecord, ResourceLogs } from "../generated/model.ts";
import { scan } from "../scan.ts";
import { logEncoder } from "./log-encoder.ts";
import type { RecordedLog } from "./recorded-log.ts";
import {
  anyAttributes,
  anyContext,
  anyCount,
  anyOrigins,
  anyText,
  anyTime,
  anyValue,
  attributesModel,
  bytesOf,
  grouped,
  nanos,
  resource,
  resourceModel,
  scope,
  scopeModel,
  spanId,
  traceId,
  valueModel,
} from "./recorded.test.ts";

function recordedLog(change: Partial<RecordedLog> = {}): RecordedLog {
  return {
    hrTime: [1_700_000_000, 1],
    hrTimeObserved: [1_700_000_000, 2],
    attributes: {},
    droppedAttributesCount: 0,
    resource,
    instrumentationScope: scope,
    ...change,
  };
}

/** The record in the decoded model. Members that are what absence means may be left in: `encode` does not write them. */
function logModel(log: RecordedLog): LogRecord {
  const { spanContext, body } = log;
  return {
    timeUnixNano: nanos(log.hrTime),
    observedTimeUnixNano: nanos(log.hrTimeObserved),
    severityNumber: log.severityNumber ?? 0,
    severityText: log.severityText ?? "",
    ...(body !== undefined && { body: valueModel(body) }),
    attributes: attributesModel(log.attributes),
    droppedAttributesCount: log.droppedAttributesCount,
    ...(spanContext && {
      flags: spanContext.traceFlags,
      traceId: bytesOf(spanContext.traceId),
      spanId: bytesOf(spanContext.spanId),
    }),
    eventName: log.eventName ?? "",
  };
}

const anyLogs: fc.Arbitrary<RecordedLog[]> = anyOrigins.chain(({ resources, scopes }) =>
  fc.array(
    fc
      .record(
        {
          hrTime: anyTime,
          hrTimeObserved: anyTime,
          spanContext: anyContext,
          severityNumber: fc.integer({ min: 0, max: 24 }),
          severityText: anyText,
          body: anyValue,
          eventName: anyText,
          attributes: anyAttributes,
          droppedAttributesCount: anyCount,
          resource: fc.constantFrom(...resources),
          instrumentationScope: fc.constantFrom(...scopes),
        },
        { requiredKeys: ["resource", "instrumentationScope"] },
      )
      .map((change) => recordedLog(change as Partial<RecordedLog>)),
    { minLength: 1, maxLength: 12 },
  ),
);

function model(logs: readonly RecordedLog[]): ResourceLogs[] {
  return grouped(logs, (log) => log.resource).map(([from, ofResource]) => ({
    ...resourceModel(from),
    scopeLogs: grouped(ofResource, (log) => log.instrumentationScope).map(([of, ofScope]) => ({
      ...scopeModel(of),
      logRecords: ofScope.map(logModel),
    })),
  }));
}

function one(change: Partial<RecordedLog>): LogRecord {
  const encoder = logEncoder();
  encoder.add(recordedLog(change));
  return decode("logs", encoder.take()!.body).resourceLogs![0]!.scopeLogs![0]!.logRecords![0]!;
}

describe("the log encoder", () => {
  it("writes any records as the canonical encoding of what they are, chunk after chunk", () => {
    const encoder = logEncoder();
    fc.assert(
      fc.property(anyLogs, (logs) => {
        encoder.take(); // what a run that failed has left
        for (const log of logs) encoder.add(log);
        const batch = encoder.take()!;
        expect(batch).toMatchObject({ signal: "logs", items: logs.length });
        expect(scan("logs", batch.body)).toBe(logs.length);
        expect(batch.body).toEqual(encode("logs", { resourceLogs: model(logs) }));
      }),
      { numRuns: 600 },
    );
  });

  it("tells no body from an empty one (M-23)", () => {
    expect(one({}).body).toBeUndefined();
    expect(one({ body: null }).body).toEqual({});
    expect(one({ body: "" }).body).toEqual({ stringValue: "" });
  });

  it("leaves out ids that are none, and keeps a trace without a span (M-14)", () => {
    const none = one({ spanContext: { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 } });
    expect([none.traceId, none.spanId, none.flags]).toEqual([undefined, undefined, undefined]);
    const trace = one({ spanContext: { traceId, spanId: "", traceFlags: 1 } });
    expect([trace.traceId, trace.spanId, trace.flags]).toEqual([bytesOf(traceId), undefined, 1]);
    expect(one({ spanContext: { traceId, spanId, traceFlags: 0x1ff } }).flags).toBe(0xff);
  });

  it("takes bodies short and long in turns", () => {
    const encoder = logEncoder();
    const logs = [1, 100, 126, 127, 20_000, 3, 70_000, 130, 5].map((n) => recordedLog({ body: "x".repeat(n) }));
    for (const log of logs) encoder.add(log);
    expect(encoder.take()!.body).toEqual(encode("logs", { resourceLogs: model(logs) }));
  });
});

import { ExportError } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { type PlainLog, recordedLog } from "./plain-log.ts";

const resource = { attributes: { "service.name": "shop" } };
const now = () => 1_700_000_000_000.5;
const traceId = "0123456789ABCDEF0123456789abcdef";
const spanId = "0123456789ABCDEF";

describe("a log record as a plain object", () => {
  it("needs nothing, and is then of now", () => {
    expect(recordedLog({}, resource, now)).toEqual({
      hrTime: [1_700_000_000, 500_000],
      hrTimeObserved: [1_700_000_000, 500_000],
      attributes: {},
      droppedAttributesCount: 0,
      resource,
      instrumentationScope: { name: "" },
    });
  });

  it("may say all that a log record can", () => {
    const log: PlainLog = {
      body: { order: 7 },
      severity: 14,
      severityText: "WARNING",
      time: [1, 2],
      observedTime: new Date(3000),
      attributes: { a: null },
      eventName: "order.late",
      traceId,
      spanId,
      scope: "shop",
    };
    expect(recordedLog(log, resource)).toEqual({
      hrTime: [1, 2],
      hrTimeObserved: [3, 0],
      spanContext: { traceId: traceId.toLowerCase(), spanId: spanId.toLowerCase(), traceFlags: 1 },
      severityNumber: 14,
      severityText: "WARNING",
      body: { order: 7 },
      eventName: "order.late",
      attributes: { a: null },
      droppedAttributesCount: 0,
      resource,
      instrumentationScope: { name: "shop" },
    });
  });

  it("tells how bad it is in words (M-24)", () => {
    const words = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
    const told = words.map((severity) => recordedLog({ severity }, resource));
    expect(told.map(({ severityNumber }) => severityNumber)).toEqual([1, 5, 9, 13, 17, 21]);
    expect(told.map(({ severityText }) => severityText)).toEqual(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]);
  });

  it("keeps a body that is false, 0 or null", () => {
    for (const body of [false, 0, null, ""]) expect(recordedLog({ body }, resource)).toMatchObject({ body });
  });

  it.each<[unknown, string]>([
    [null, "log must be an object"],
    [{ severity: "warning" }, "log.severity must be one of trace, debug, info, warn, error, fatal"],
    [{ severity: 0 }, "log.severity must be a whole number from 1 to 24"],
    [{ severityText: 5 }, "log.severityText must be a text"],
    [{ eventName: 5 }, "log.eventName must be a text"],
    [{ spanId }, "log.traceId must be given, as there is a spanId"],
    [{ traceId: "1" }, "log.traceId must be a trace id"],
    [{ time: "2026-01-01" }, "log.time must be a moment since 1970"],
    [{ scope: 5 }, "log.scope must be an object"],
  ])("names the member that is wrong: %o", (log, message) => {
    const record = (): unknown => recordedLog(log as PlainLog, resource);
    expect(record).toThrow(`cannot record what was given: ${message}`);
    expect(record).toThrow(ExportError);
  });
});

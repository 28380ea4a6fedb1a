import * as api from "@opentelemetry/api";
import { context, ROOT_CONTEXT, type SpanContext, trace } from "@opentelemetry/api";
import type { RecordedLog } from "@otlpkit/otlp";
import { fakeClock } from "@otlpkit/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { diagWarnings } from "../../../test/diag-warnings.ts";
import type { FlushReport } from "../../otlp-client.ts";
import { registerGlobals } from "../register-globals.ts";
import { type LoggerProviderOptions, loggerProvider } from "./logger-provider.ts";
import type { Logger, LogRecord } from "./logs-api.ts";
import { registerApiLogs } from "./register-api-logs.ts";

const warnings = diagWarnings();

// The clock stands at 12.5 ms after the process began.
const time = [1_700_000_000, 12_500_000] as const;

function logging(options: Partial<LoggerProviderOptions> = {}) {
  const clock = fakeClock(12.5);
  const logs: RecordedLog[] = [];
  const calls: string[] = [];
  const report = {} as FlushReport;
  const provider = loggerProvider({
    client: {
      resource: { attributes: { "service.name": "shop" } },
      recordLog: (log) => void logs.push(log as RecordedLog),
      flush: () => Promise.resolve(void calls.push("flush")).then(() => report),
      close: () => Promise.resolve(void calls.push("close")).then(() => report),
    },
    now: () => 1_700_000_000_000 + clock.now(),
    monotonic: () => clock.now(),
    ...options,
  });
  const logger: Logger = provider.getLogger("test", "1.0");
  return { provider, logger, logs, calls, clock };
}

/** What becomes of a record. */
function emitted(record: LogRecord, options?: Partial<LoggerProviderOptions>): RecordedLog | undefined {
  const { logger, logs } = logging(options);
  logger.emit(record);
  return logs[0];
}

const spanContext: SpanContext = {
  traceId: "12345678901234567890123456789012",
  spanId: "1234567890123456",
  traceFlags: 1,
};

describe("a log record", () => {
  it("is handed to the client at once, with what it was given", () => {
    const body = { order: 7, items: ["tea", null] };
    const attributes = { "user.id": 5, list: [1, "a"], inside: { deep: true } };
    const record = { severityNumber: 13, severityText: "WARNING", body, attributes, eventName: "order.late" };
    expect(emitted(record)).toEqual({
      hrTime: time,
      hrTimeObserved: time,
      spanContext: undefined,
      ...record,
      droppedAttributesCount: 0,
      resource: { attributes: { "service.name": "shop" } },
      instrumentationScope: { name: "test", version: "1.0", schemaUrl: undefined, attributes: undefined },
    });
  });

  it("takes every form of a time", () => {
    const timeOf = (timestamp: LogRecord["timestamp"]) => emitted({ timestamp })?.hrTime;
    expect(timeOf(new Date(1_600_000_000_001))).toEqual([1_600_000_000, 1_000_000]);
    expect(timeOf(1_600_000_000_001.5)).toEqual([1_600_000_000, 1_500_000]);
    expect(timeOf([1_600_000_000, 5])).toEqual([1_600_000_000, 5]);
    expect(timeOf(2.5)).toEqual([1_700_000_000, 2_500_000]);
    expect(timeOf(new Date(Number.NaN))).toEqual(time);
    expect(emitted({ observedTimestamp: [1_800_000_000, 1] })).toMatchObject({
      hrTime: time,
      hrTimeObserved: [1_800_000_000, 1],
    });
  });

  it("tells what was thrown, unless the program says it better", () => {
    const exception = new TypeError("no such order");
    expect(emitted({ exception, attributes: { "exception.message": "not shown" } })?.attributes).toEqual({
      "exception.type": "TypeError",
      "exception.message": "not shown",
      "exception.stacktrace": exception.stack,
    });
    expect(emitted({ exception: "late" })?.attributes).toEqual({ "exception.message": "late" });
    expect(emitted({ exception: 404 })?.attributes).toEqual({ "exception.message": "404" });
    expect(emitted({ exception: null })?.attributes).toEqual({});
    expect(emitted({ exception: {} })?.attributes).toEqual({});
  });

  it("holds no more than the limits allow (I-38), which is said once (O-23)", () => {
    const limits = { attributeCountLimit: 2, attributeValueLengthLimit: 3 };
    const { logger, logs } = logging({ limits });
    for (let times = 0; times < 2; times++) logger.emit({ attributes: { a: "12345", b: 12_345, c: true } });
    for (const log of logs)
      expect(log).toMatchObject({ attributes: { a: "123", b: 12_345 }, droppedAttributesCount: 1 });
    expect(warnings).toHaveLength(1);
  });

  it("keeps what was thrown when there are too many attributes", () => {
    const attributes = { a: 1, b: 2, c: 3 };
    expect(emitted({ exception: "late", attributes }, { limits: { attributeCountLimit: 2 } })).toMatchObject({
      attributes: { "exception.message": "late", a: 1 },
      droppedAttributesCount: 2,
    });
  });

  it("refuses limits that are none", () => {
    expect(() => logging({ limits: { attributeCountLimit: -1 } })).toThrow(RangeError);
  });
});

describe("a log record in a span", () => {
  const within = trace.setSpanContext(ROOT_CONTEXT, spanContext);
  let unregister = (): void => {};
  afterEach(() => unregister());

  it("tells the span of the current context", () => {
    unregister = registerGlobals({});
    const log = context.with(within, () => emitted({ body: "hello" }));
    expect(log?.spanContext).toEqual(spanContext);
  });

  it("tells the span of the context that it is given", () => {
    expect(emitted({ context: within })?.spanContext).toEqual(spanContext);
  });

  it("tells none when the context has none, or one without valid ids", () => {
    const invalid = trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, spanId: "0".repeat(16) });
    expect(emitted({ context: ROOT_CONTEXT })?.spanContext).toBeUndefined();
    expect(emitted({ context: invalid })?.spanContext).toBeUndefined();
  });

  it("tells none when the logger was asked not to", () => {
    unregister = registerGlobals({});
    const { provider, logs } = logging();
    const logger = provider.getLogger("test", "", { includeTraceContext: false });
    context.with(within, () => logger.emit({}));
    expect(logs[0]?.spanContext).toBeUndefined();
  });
});

describe("a logger provider", () => {
  it("gives the same logger for the same name, version, schema and attributes", () => {
    const { provider } = logging();
    const options = { schemaUrl: "a", attributes: { b: 1, c: [2] } };
    const logger = provider.getLogger("shop", "1", options);
    expect(provider.getLogger("shop", "1", { schemaUrl: "a", attributes: { c: [2], b: 1 } })).toBe(logger);
    expect(provider.getLogger("shop", "1", { ...options, attributes: { b: 1, c: [3] } })).not.toBe(logger);
    expect(provider.getLogger("shop", "1")).not.toBe(logger);
  });

  it("says which library a record is of", () => {
    const { provider, logs } = logging();
    provider.getLogger("shop", "2.1", { schemaUrl: "https://example.com/1", attributes: { a: 1 } }).emit({});
    provider.getLogger("pay", undefined, { scopeAttributes: { b: 2 } }).emit({});
    expect(logs.map(({ instrumentationScope }) => instrumentationScope)).toEqual([
      { name: "shop", version: "2.1", schemaUrl: "https://example.com/1", attributes: { a: 1 } },
      { name: "pay", version: undefined, schemaUrl: undefined, attributes: { b: 2 } },
    ]);
  });

  it("takes nothing once it is shut down, and closes the client", async () => {
    const { provider, logger, logs, calls } = logging();
    expect(logger.enabled()).toBe(true);
    await provider.forceFlush();
    await provider.shutdown();
    expect(calls).toEqual(["flush", "close"]);
    expect(logger.enabled({ severityNumber: 24 })).toBe(false);
    logger.emit({ body: "late" });
    expect(logs).toEqual([]);
  });

  it("is found through the logs API of @opentelemetry/api", () => {
    const { provider, logs } = logging();
    const early = api.logs.getLogger("early");
    const unregister = registerGlobals({ loggerProvider: provider });
    early.emit({ body: "one", severityNumber: api.SeverityNumber.INFO });
    api.logs.getLogger("late").emit({ body: "two" });
    unregister();
    expect(logs.map(({ body, severityNumber }) => [body, severityNumber])).toEqual([
      ["one", 9],
      ["two", undefined],
    ]);
  });

  it("is found through @opentelemetry/api-logs, as far as its version fits", () => {
    const { provider } = logging();
    const find = (version: number): unknown =>
      (globalThis as { [key: symbol]: undefined | ((version: number) => unknown) })[
        Symbol.for("io.opentelemetry.js.api.logs")
      ]?.(version);
    const unregister = registerApiLogs(provider);
    registerApiLogs(logging().provider)();
    expect(find(1)).toBe(provider);
    expect(find(2)).toBeUndefined();
    unregister();
    expect(find(1)).toBeUndefined();
  });
});

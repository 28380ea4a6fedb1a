// What is logged through the OpenTelemetry API must arrive at a backend, whole.
import { context, logs, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { decode } from "@otlpkit/otlp";
import { httpBackend } from "@otlpkit/testkit/node";
import { expect, it } from "vitest";
import { createClient } from "../../index.ts";
import { registerGlobals } from "../register-globals.ts";
import { loggerProvider } from "./logger-provider.ts";

it("a log record arrives with all that it says, and the span that it was said in", async () => {
  const backend = await httpBackend();
  const client = createClient({ endpoint: backend.url, environment: false, resource: { "service.name": "shop" } });
  const provider = loggerProvider({ client });
  const unregister = registerGlobals({ loggerProvider: provider });
  const spanContext = { traceId: "0123456789abcdef0123456789abcdef", spanId: "0123456789abcdef", traceFlags: 1 };
  try {
    context.with(trace.setSpanContext(ROOT_CONTEXT, spanContext), () =>
      logs.getLogger("shop", "2.1", { attributes: { part: "cart" } }).emit({
        timestamp: [1_700_000_000, 1],
        severityNumber: 17,
        severityText: "ERROR",
        body: { order: 7, items: ["tea", null], raw: new Uint8Array([1, 2]) },
        attributes: { "user.id": "alice", nested: { deep: [true, 1.5] } },
        exception: Object.assign(new TypeError("declined"), { stack: "the stack" }),
        eventName: "order.failed",
      }),
    );
    expect(await provider.shutdown()).toEqual({ failed: 0, left: 0 });
  } finally {
    unregister();
    await backend.close();
  }
  const [resourceLogs] = backend.requests.flatMap(({ body }) => decode("logs", body).resourceLogs ?? []);
  expect(resourceLogs?.resource?.attributes).toContainEqual({ key: "service.name", value: { stringValue: "shop" } });
  const [scopeLogs] = resourceLogs?.scopeLogs ?? [];
  expect(scopeLogs?.scope).toEqual({
    name: "shop",
    version: "2.1",
    attributes: [{ key: "part", value: { stringValue: "cart" } }],
  });
  const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");
  const [log] = scopeLogs?.logRecords ?? [];
  expect([hex(log?.traceId), hex(log?.spanId), log?.flags]).toEqual([spanContext.traceId, spanContext.spanId, 1]);
  expect(log).toMatchObject({
    timeUnixNano: 1_700_000_000_000_000_001n,
    severityNumber: 17,
    severityText: "ERROR",
    eventName: "order.failed",
    body: {
      kvlistValue: {
        values: [
          { key: "order", value: { intValue: 7n } },
          { key: "items", value: { arrayValue: { values: [{ stringValue: "tea" }, {}] } } },
          { key: "raw", value: { bytesValue: new Uint8Array([1, 2]) } },
        ],
      },
    },
  });
  expect(log?.attributes?.map(({ key }) => key)).toEqual([
    "exception.type",
    "exception.message",
    "exception.stacktrace",
    "user.id",
    "nested",
  ]);
  expect(log?.observedTimeUnixNano).toBeGreaterThan(1_700_000_000_000_000_000n);
});

import type { Ack, Sender, Transport } from "@otlpkit/core";
import { decode, type RecordedLog } from "@otlpkit/otlp";
import { recordingSender, type RecordingSender } from "@otlpkit/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { sdkSpans } from "../../test/sdk-spans.ts";
import { createClient } from "../create-client.ts";
import { OtlpLogRecordProcessor } from "./log-record-processor.ts";
import type { ProcessorOptions } from "./processor-options.ts";
import { OtlpSpanProcessor, type ProcessedSpan } from "./span-processor.ts";

function to(sender: Sender): Transport {
  return { name: "test", connect: () => sender };
}

interface Bench {
  readonly backend: RecordingSender;
  readonly processor: OtlpSpanProcessor;
}

function bench(options: ProcessorOptions = {}): Bench {
  const backend = recordingSender();
  return { backend, processor: new OtlpSpanProcessor({ environment: false, transport: to(backend), ...options }) };
}

function names({ batches }: RecordingSender): (string | undefined)[] {
  return batches.flatMap(({ body }) =>
    (decode("traces", body).resourceSpans ?? []).flatMap((resource) =>
      (resource.scopeSpans ?? []).flatMap((scope) => (scope.spans ?? []).map(({ name }) => name)),
    ),
  );
}

const apiGlobals = Symbol.for("opentelemetry.js.api.1");
const globals = globalThis as { [apiGlobals]?: unknown };

/** What a program's own logger hears. */
function heard(): string[] {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  globals[apiGlobals] = { diag: { error: note, warn: note } };
  return lines;
}
afterEach(() => {
  delete globals[apiGlobals];
});

describe("the span processor", () => {
  it("sends sampled spans that have ended, all that came before a flush (O-09, O-15)", async () => {
    const { backend, processor } = bench();
    const [first, second, unsampled] = sdkSpans("first", "second", "unsampled") as ProcessedSpan[];
    processor.onStart(first, {});
    processor.onEnd(first!);
    processor.onEnd({ ...unsampled!, spanContext: () => ({ ...unsampled!.spanContext(), traceFlags: 0 }) });
    processor.onEnd(second!);
    expect(backend.batches).toHaveLength(0);
    await processor.forceFlush();
    expect(names(backend)).toEqual(["first", "second"]);
    await processor.shutdown();
  });

  it("takes the names of the SDK's batch processor for its options (O-01, O-02, O-05)", async () => {
    const { backend, processor } = bench({ maxQueueSize: 4, maxExportBatchSize: 2, scheduledDelayMillis: 1 });
    const lines = heard();
    let answer!: (ack: Ack) => void;
    const answered = new Promise<Ack>((resolve) => (answer = resolve));
    backend.script(() => answered);
    for (const span of sdkSpans("a", "b", "c", "d", "e")) processor.onEnd(span);
    expect(lines).toEqual([expect.stringMatching(/^otlpkit: 1 spans were lost: /)]);
    await expect.poll(() => backend.batches.map(({ items }) => items)).toEqual([2, 2]);
    await expect(processor.forceFlush({ timeoutMillis: 1 })).rejects.toMatchObject({ code: "timeout" });
    answer({ rejectedItems: 0, message: "" });
    await processor.shutdown();
  });

  it("sends what is held at shutdown, and ignores what comes later (O-12, O-13)", async () => {
    const { backend, processor } = bench();
    const [held, late] = sdkSpans("held", "late") as ProcessedSpan[];
    processor.onEnd(held!);
    await Promise.all([processor.shutdown(), processor.shutdown()]);
    processor.onEnd(late!);
    await processor.forceFlush();
    expect(names(backend)).toEqual(["held"]);
    expect(backend.closed).toBe(true);
  });

  it("waits for a resource that is not complete, at a flush too", async () => {
    const { backend, processor } = bench();
    const resource = {
      attributes: { "service.name": "shop" } as Record<string, string>,
      asyncAttributesPending: true,
      waitForAsyncAttributes: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        resource.attributes["host.name"] = "till";
        resource.asyncAttributesPending = false;
      },
    };
    processor.onEnd({ ...sdkSpans("early")[0]!, resource });
    await processor.forceFlush();
    const sent = decode("traces", backend.batches[0]!.body).resourceSpans?.[0]?.resource;
    expect(sent?.attributes).toContainEqual({ key: "host.name", value: { stringValue: "till" } });
    await processor.shutdown();
  });

  it("does not wait for a resource longer than a flush may take", async () => {
    const { backend, processor } = bench();
    const resource = {
      attributes: {},
      asyncAttributesPending: true,
      waitForAsyncAttributes: () => new Promise<void>(() => {}),
    };
    processor.onEnd({ ...sdkSpans("early")[0]!, resource });
    await processor.forceFlush({ timeoutMillis: 20 }).catch(() => {});
    await expect.poll(() => names(backend)).toEqual(["early"]);
    await processor.shutdown();
  });

  it("is not harmed by a span that cannot be read, and says so (O-16)", async () => {
    const lines = heard();
    const { processor } = bench();
    const span = sdkSpans("bad")[0]!;
    processor.onEnd({ ...span, spanContext: () => ({ ...span.spanContext(), spanId: "nonsense" }) });
    expect(lines).toEqual([expect.stringMatching(/^otlpkit: 1 spans were lost: cannot encode a span/)]);
    await processor.shutdown();
  });

  it("has nothing to say of other signals", async () => {
    const lines: string[] = [];
    const environment = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "nonsense" };
    await bench({ environment, onWarning: (line) => lines.push(line) }).processor.shutdown();
    expect(lines).toEqual([]);
  });

  it("may be flushed from within a flush (O-17)", async () => {
    const { backend, processor } = bench();
    let again: Promise<void> | undefined;
    backend.script(() => {
      again = processor.forceFlush();
      return { rejectedItems: 0, message: "" };
    });
    processor.onEnd(sdkSpans("a")[0]!);
    await processor.forceFlush();
    await again;
    await processor.shutdown();
  });

  it("leaves a client that is shared to its owner", async () => {
    const backend = recordingSender();
    const client = createClient({ environment: false, transport: to(backend) });
    const processor = new OtlpSpanProcessor(client);
    processor.onEnd(sdkSpans("a")[0]!);
    await processor.shutdown();
    expect(names(backend)).toEqual(["a"]);
    expect(backend.closes).toBe(0);
    client.recordSpan(sdkSpans("b")[0]!);
    await client.close();
    expect(names(backend)).toEqual(["a", "b"]);
  });
});

describe("the log record processor", () => {
  const record: RecordedLog = {
    hrTime: [1_700_000_000, 0],
    hrTimeObserved: [1_700_000_000, 0],
    severityNumber: 9,
    body: "open for business",
    attributes: {},
    droppedAttributesCount: 0,
    resource: { attributes: {} },
    instrumentationScope: { name: "test" },
  };

  it("sends records as they were when they came", async () => {
    const backend = recordingSender();
    const processor = new OtlpLogRecordProcessor({ environment: false, transport: to(backend) });
    const changing = { ...record, attributes: { step: 1 } };
    processor.onEmit(changing, {});
    changing.attributes.step = 2;
    await processor.shutdown();
    const sent = decode("logs", backend.batches[0]!.body).resourceLogs?.[0]?.scopeLogs?.[0]?.logRecords?.[0];
    expect(sent?.body).toEqual({ stringValue: "open for business" });
    expect(sent?.attributes).toEqual([{ key: "step", value: { intValue: 1n } }]);
  });
});

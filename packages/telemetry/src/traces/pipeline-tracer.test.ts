import { type Ack, accepted, ExportError, type Middleware, pipe, protobufBatch, type Sender } from "@otlpkit/core";
import { decode } from "@otlpkit/otlp";
import { fakeClock, type RecordingSender, recordingSender, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { pipelineTracer, type PipelineTracer, type PipelineTracerOptions } from "./index.ts";

const batch = protobufBatch("logs", new Uint8Array(30), 7);

interface Seen {
  readonly name: string;
  readonly trace: string;
  readonly id: string;
  readonly parent: string;
  readonly kind: number;
  readonly ms: readonly [start: number, end: number];
  readonly error: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The spans that were sent, in the order in which they ended. */
function spansIn(exports: RecordingSender): Seen[] {
  const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");
  return exports.batches.flatMap(({ body }) =>
    (decode("traces", body).resourceSpans ?? []).flatMap(({ scopeSpans = [] }) =>
      scopeSpans.flatMap(({ spans = [] }) =>
        spans.map((span) => ({
          name: span.name ?? "",
          trace: hex(span.traceId),
          id: hex(span.spanId),
          parent: hex(span.parentSpanId),
          kind: span.kind ?? 0,
          ms: [Number(span.startTimeUnixNano ?? 0n) / 1e6, Number(span.endTimeUnixNano ?? 0n) / 1e6] as const,
          error: span.status?.message ?? "",
          attributes: Object.fromEntries(
            (span.attributes ?? []).map(({ key, value }) => [key, value?.stringValue ?? Number(value?.intValue)]),
          ),
        })),
      ),
    ),
  );
}

function tracing(options: Partial<PipelineTracerOptions> = {}) {
  const clock = fakeClock(1_000);
  const exports = recordingSender();
  const dropped: [number, string][] = [];
  const tracer = pipelineTracer({
    sender: exports,
    ratio: 1,
    resource: { "service.name": "relay" },
    now: () => clock.now(),
    wallClock: () => 1_700_000_000_000 + clock.now(),
    random: () => 0.5,
    setTimer: (run, ms) => clock.setTimer(run, ms),
    onDropped: (items, error) => void dropped.push([items, error.code]),
    ...options,
  });
  return { clock, dropped, exports, tracer };
}

/** A stage that takes `ms`. */
function taking(ms: number, sleep: (ms: number) => Promise<void>): Middleware {
  return (next) => ({
    async send(one, options) {
      await sleep(ms);
      return next.send(one, options);
    },
    close: () => next.close(),
  });
}

describe("pipelineTracer", () => {
  it("shows where the time of a request went: received, waiting, sent", async () => {
    const { clock, exports, tracer } = tracing();
    const queue = tracer.wait("queue/otlp");
    const end = recordingSender();
    const way = pipe(
      tracer.receive("receiver/otlp", { transport: "grpc" }),
      taking(5, (ms) => clock.sleep(ms)),
      queue.enter,
      taking(20, (ms) => clock.sleep(ms)),
      queue.leave,
      tracer.send("exporter/otlp"),
      taking(100, (ms) => clock.sleep(ms)),
      end,
    );
    const answer = way.send(batch, {});
    await clock.advance(125);
    expect(await answer).toBe(accepted);
    await tracer.close();
    const [wait, send, receive] = spansIn(exports) as [Seen, Seen, Seen];
    const start = 1_700_000_001_000;
    expect([receive.name, receive.kind, receive.parent, receive.ms]).toEqual([
      "receiver/otlp/logs",
      2,
      "",
      [start, start + 125],
    ]);
    expect([wait.name, wait.kind, wait.parent, wait.ms]).toEqual([
      "queue/otlp/logs",
      1,
      receive.id,
      [start + 5, start + 25],
    ]);
    expect([send.name, send.kind, send.parent, send.ms]).toEqual([
      "exporter/otlp/logs",
      3,
      receive.id,
      [start + 25, start + 125],
    ]);
    expect(new Set([wait.trace, send.trace, receive.trace]).size).toBe(1);
    expect(receive.trace).toMatch(/^[0-9a-f]{32}$/u);
    expect(receive.attributes).toEqual({ transport: "grpc", items: 7, bytes: 30 });
    expect(exports.closed).toBe(true);
  });

  it("says what failed and why, and what a queue refused", async () => {
    const { exports, tracer } = tracing();
    const gone: Sender = recordingSender();
    (gone as RecordingSender).script(new ExportError("unavailable", "cannot reach it"));
    const queue = tracer.wait("queue/otlp");
    const full: Middleware = () => ({
      send: () => Promise.reject(new ExportError("overloaded", "the queue is full")),
      close: () => Promise.resolve(),
    });
    const failing = pipe(tracer.receive("receiver"), queue.enter, queue.leave, tracer.send("exporter"), gone);
    const refusing = pipe(tracer.receive("receiver"), queue.enter, full, queue.leave, gone);
    await expect(failing.send(batch, {})).rejects.toMatchObject({ code: "unavailable" });
    await expect(refusing.send(batch, {})).rejects.toMatchObject({ code: "overloaded" });
    await tracer.close();
    expect(spansIn(exports).map(({ attributes, error, name }) => [name, error, attributes["error.type"]])).toEqual([
      ["queue/otlp/logs", "", undefined],
      ["exporter/logs", "cannot reach it", "unavailable"],
      ["receiver/logs", "cannot reach it", "unavailable"],
      ["queue/otlp/logs", "the queue is full", "overloaded"],
      ["receiver/logs", "the queue is full", "overloaded"],
    ]);
  });

  it("follows what a queue delivers after it has answered", async () => {
    const { clock, exports, tracer } = tracing();
    const early: Middleware = (next) => ({
      async send(one, options): Promise<Ack> {
        void clock.sleep(50).then(() => next.send(one, options));
        return accepted;
      },
      close: () => next.close(),
    });
    const queue = tracer.wait("queue");
    await pipe(tracer.receive("r"), queue.enter, early, queue.leave, tracer.send("e"), recordingSender()).send(
      batch,
      {},
    );
    await clock.advance(50);
    await tracer.close();
    const [receive, wait, send] = spansIn(exports) as [Seen, Seen, Seen];
    expect([receive.name, wait.name, send.name]).toEqual(["r/logs", "queue/logs", "e/logs"]);
    expect([wait.parent, send.parent]).toEqual([receive.id, receive.id]);
    expect(wait.ms[1] - wait.ms[0]).toBeCloseTo(50, 2);
  });

  it("traces its share of requests, and a send that nothing led to as a trace of its own", async () => {
    let at = 0;
    const { exports, tracer } = tracing({ ratio: 0.25, random: () => (at++ % 100) / 100 });
    const way = pipe(tracer.receive("r"), recordingSender());
    for (let n = 0; n < 400; n++) await way.send(batch, {});
    const alone = pipe(tracer.send("e"), recordingSender());
    for (let n = 0; n < 100; n++) await alone.send(batch, {});
    await tracer.close();
    const names = spansIn(exports).map(({ name, parent }) => name + parent);
    expect(names.filter((name) => name === "r/logs")).toHaveLength(100);
    expect(names.filter((name) => name === "e/logs")).toHaveLength(25);
  });

  it("never traces its own export, also when that comes back to a door of ours", async () => {
    let tracer: PipelineTracer | undefined;
    const inside: unknown[] = [];
    const back: { door?: Sender } = {};
    const loop: Sender = {
      send: (one, options) => {
        inside.push(tracer?.ids());
        return back.door!.send(one, options);
      },
      close: () => Promise.resolve(),
    };
    const arrived = recordingSender();
    ({ tracer } = tracing({ sender: loop, maxItems: 1 }));
    back.door = pipe(tracer.receive("r"), tracer.send("e"), arrived);
    await back.door.send(seeded(1).traces({ items: 1 }), {});
    await tracer.close();
    expect(arrived.batches.map(({ signal }) => signal)).toEqual(["traces", "traces", "traces"]);
    expect(inside).toEqual([{}, {}]);
  });

  it("knows the ids of what is being done, for the log", async () => {
    const { exports, tracer } = tracing();
    let ids = {};
    const way = pipe(tracer.receive("r"), {
      send: () => {
        ids = tracer.ids();
        return Promise.resolve(accepted);
      },
      close: () => Promise.resolve(),
    });
    expect(tracer.ids()).toEqual({});
    await way.send(batch, {});
    await tracer.close();
    const [span] = spansIn(exports);
    expect(ids).toEqual({ trace_id: span!.trace, span_id: span!.id });
  });

  it("sends in batches, holds so much and no more, and says what is lost", async () => {
    const { clock, dropped, exports, tracer } = tracing({ maxItems: 10, maxHeldItems: 15, timeoutMs: 60_000 });
    exports.script(new ExportError("unavailable", "no"), "hang");
    const way = pipe(tracer.receive("r"), recordingSender());
    for (let n = 0; n < 10; n++) await way.send(batch, {});
    await clock.advance(0);
    expect(dropped).toEqual([[10, "unavailable"]]);
    for (let n = 0; n < 20; n++) await way.send(batch, {});
    expect(dropped.slice(1)).toEqual(Array.from({ length: 5 }, () => [1, "overloaded"]));
    expect(exports.batches.map(({ items }) => items)).toEqual([10, 10]);
    await clock.advance(5_000);
    expect(exports.batches.map(({ items }) => items)).toEqual([10, 10, 5]);
  });
});

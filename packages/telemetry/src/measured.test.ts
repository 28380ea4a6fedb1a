import {
  type Ack,
  type Batch,
  ExportError,
  pipe,
  protobufBatch,
  type Sender,
  type Signal,
  signalNames,
} from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import {
  batchSizeMetrics,
  exporterMetrics,
  itemNames,
  measured,
  metrics,
  type Outcome,
  receiverMetrics,
} from "./index.ts";

/** Answers as told; an error is thrown. */
function answering(...answers: readonly (Ack | Error)[]): Sender & { closed: boolean } {
  let next = 0;
  return {
    closed: false,
    send() {
      const answer = answers[Math.min(next++, answers.length - 1)]!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    close() {
      this.closed = true;
      return Promise.resolve();
    },
  };
}

const ok: Ack = { rejectedItems: 0, message: "" };
const later = new ExportError("unavailable", "come back");
const never = new ExportError("invalid", "bad");
const batchOf = (signal: Signal, items = 10): Batch => protobufBatch(signal, new Uint8Array(100), items);

describe("measured", () => {
  it("tells how every send ended, and hands the answer or error on", async () => {
    const outcomes: Outcome[] = [];
    let ms = 0;
    const sender = pipe(
      measured(
        (outcome) => void outcomes.push(outcome),
        () => (ms += 5),
      ),
      answering(ok, { rejectedItems: 3, message: "m" }, later),
    );
    const batch = batchOf("traces");
    expect(await sender.send(batch, {})).toBe(ok);
    expect(await sender.send(batch, {})).toEqual({ rejectedItems: 3, message: "m" });
    await expect(sender.send(batch, {})).rejects.toBe(later);
    expect(outcomes).toEqual([
      { batch, ms: 5, rejectedItems: 0 },
      { batch, ms: 5, rejectedItems: 3 },
      { batch, ms: 5, rejectedItems: 0, error: later },
    ]);
  });

  it("makes an error of its kind from anything thrown", async () => {
    const sender = pipe(
      measured(() => undefined),
      answering(new TypeError("oops")),
    );
    await expect(sender.send(batchOf("logs"), {})).rejects.toMatchObject({ code: "rejected", retryable: false });
  });

  it("passes close on", async () => {
    const end = answering(ok);
    await pipe(
      measured(() => undefined),
      end,
    ).close();
    expect(end.closed).toBe(true);
  });
});

describe("receiverMetrics", () => {
  it.each(signalNames)("counts items of %s by what their sender was told", async (signal) => {
    const m = metrics();
    const sender = pipe(
      receiverMetrics(m, { receiver: "otlp" }),
      answering(ok, { rejectedItems: 2, message: "" }, later, never),
    );
    for (const items of [1, 10, 100, 1000]) await sender.send(batchOf(signal, items), {}).catch(() => undefined);
    const count = (what: string): number =>
      m.sum(`otelcol_receiver_${what}_${itemNames[signal]}`, { receiver: "otlp" });
    expect(["accepted", "refused", "failed"].map(count)).toEqual([11, 100, 1000]);
    expect(m.sum("otlpkit_receiver_bytes")).toBe(400);
  });
});

describe("exporterMetrics", () => {
  it.each(signalNames)("counts items of %s so that nothing is lost from sight", async (signal) => {
    const m = metrics();
    const sender = pipe(
      exporterMetrics(m, { exporter: "otlp" }),
      answering(ok, { rejectedItems: 2, message: "" }, later, { rejectedItems: 5000, message: "" }),
    );
    for (const items of [1, 10, 100, 1000]) await sender.send(batchOf(signal, items), {}).catch(() => undefined);
    const name = itemNames[signal];
    expect(m.sum(`otelcol_exporter_sent_${name}`)).toBe(9);
    expect(m.sum(`otlpkit_exporter_rejected_${name}`)).toBe(1002);
    expect(m.sum(`otelcol_exporter_send_failed_${name}`)).toBe(100);
  });
});

describe("batchSizeMetrics", () => {
  it("shows how large batches became", async () => {
    const m = metrics();
    const sender = pipe(batchSizeMetrics(m, { processor: "batch" }), answering(ok));
    for (const items of [5, 8192]) await sender.send(batchOf("traces", items), {});
    const samples = m.read().find(({ name }) => name === "otelcol_processor_batch_batch_send_size")!.samples;
    expect(samples.find(({ suffix }) => suffix === "_sum")?.value).toBe(8197);
    expect(samples.find(({ bound }) => bound === 10)?.value).toBe(1);
  });
});

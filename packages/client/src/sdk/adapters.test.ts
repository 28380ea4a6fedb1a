import { type Ack, type Batch, ExportError, protobufBatch } from "@otlpkit/core";
import { encodeReply, protobufToJson } from "@otlpkit/otlp";
import { describe, expect, it } from "vitest";
import { sdkSpans } from "../../test/sdk-spans.ts";
import { exporterTransport } from "./exporter-transport.ts";
import { traceSerializer } from "./serializer.ts";

function client(answer: () => Promise<Ack>) {
  const batches: Batch[] = [];
  const deadlines: (number | undefined)[] = [];
  let closed = false;
  return {
    batches,
    deadlines,
    get closed() {
      return closed;
    },
    send(batch: Batch, options: { readonly deadline?: number } = {}) {
      batches.push(batch);
      deadlines.push(options.deadline);
      return answer();
    },
    close() {
      closed = true;
      return Promise.resolve({ failed: 0, left: 0 });
    },
  };
}

const request = traceSerializer().serializeRequest(sdkSpans("a", "b"))!;

describe("a client inside an official exporter", () => {
  it("carries what their serializer wrote, within their time", async () => {
    const to = client(() => Promise.resolve({ rejectedItems: 0, message: "" }));
    const begun = performance.now();
    expect(await exporterTransport(to, "traces").send(request, 500)).toMatchObject({ status: "success" });
    expect(to.batches).toEqual([protobufBatch("traces", request, 2)]);
    expect(to.deadlines[0]! - begun).toBeGreaterThanOrEqual(500);
  });

  it("takes their JSON as well, and answers in it", async () => {
    const to = client(() => Promise.resolve({ rejectedItems: 1, message: "too old" }));
    const response = await exporterTransport(to, "traces", "json").send(protobufToJson("traces", request), 500);
    expect(to.batches[0]).toMatchObject({ format: "protobuf", items: 2 });
    const { data } = response as { readonly data: Uint8Array };
    expect(JSON.parse(new TextDecoder().decode(data))).toMatchObject({ partialSuccess: { errorMessage: "too old" } });
  });

  it("says whether trying again makes sense", async () => {
    const down = new ExportError("unavailable", "nobody there");
    const refused = new ExportError("invalid", "malformed");
    const send = (error: ExportError) =>
      exporterTransport(
        client(() => Promise.reject(error)),
        "traces",
      ).send(request, 500);
    expect(await send(down)).toEqual({ status: "retryable", error: down });
    expect(await send(refused)).toEqual({ status: "failure", error: refused });
  });

  it("closes with the exporter", () => {
    const to = client(() => Promise.reject(new Error("not asked")));
    exporterTransport(to, "traces").shutdown();
    expect(to.closed).toBe(true);
  });
});

describe("our serializer inside an official exporter", () => {
  it("gives nothing for nothing", () => {
    expect(traceSerializer().serializeRequest([])).toBeUndefined();
  });

  it("reads what was refused", () => {
    const answer = encodeReply("traces", { rejectedItems: 3, message: "too old" }, "protobuf");
    const serializer = traceSerializer();
    expect(serializer.deserializeResponse(answer)).toEqual({
      partialSuccess: { rejectedSpans: 3, errorMessage: "too old" },
    });
    expect(serializer.deserializeResponse(new Uint8Array())).toEqual({});
  });
});

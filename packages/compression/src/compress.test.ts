import { accepted, type Batch, type Compressor, pipe, protobufBatch, type Sender } from "@otlpkit/core";
import { middlewareCases } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { compress, gzip } from "./index.ts";

const body = new TextEncoder().encode("span ".repeat(1000));

describe("compress keeps the contract", () => middlewareCases({ it }, () => compress(gzip())));

describe("compress", () => {
  it("compresses a body and names the coding", async () => {
    const sent = await sendThrough(gzip(), protobufBatch("traces", body, 1000));
    expect(sent).toMatchObject({ encoding: "gzip", items: 1000, format: "protobuf", signal: "traces" });
    expect(await gzip().decompress(sent.body, body.byteLength)).toEqual(body);
  });

  it("leaves a small body alone: 1023 bytes with the defaults, but not 1024", async () => {
    const small = protobufBatch("logs", body.subarray(0, 1023), 1);
    expect(await sendThrough(gzip(), small)).toBe(small);
    expect(await sendThrough(gzip(), protobufBatch("logs", body.subarray(0, 1024), 1))).toMatchObject({
      encoding: "gzip",
    });
  });

  it("takes another smallest size", async () => {
    const batch = protobufBatch("logs", body.subarray(0, 100), 1);
    expect(await sendThrough(gzip(), batch, { minBytes: 100 })).toMatchObject({ encoding: "gzip" });
    expect(await sendThrough(gzip(), batch, { minBytes: 101 })).toBe(batch);
  });

  it("leaves alone what has a coding already", async () => {
    const batch: Batch = { ...protobufBatch("logs", body, 1), encoding: "br" };
    expect(await sendThrough(gzip(), batch)).toBe(batch);
  });

  it("leaves alone what would not become smaller", async () => {
    const noise = crypto.getRandomValues(new Uint8Array(4096));
    const batch = protobufBatch("logs", noise, 1);
    expect(await sendThrough(gzip(), batch)).toBe(batch);
  });

  it("hands on options, answer, errors and close", async () => {
    const signal = new AbortController().signal;
    const seen: unknown[] = [];
    const sender = pipe(compress(gzip()), {
      send: async (_, options) => {
        seen.push(options);
        return { rejectedItems: 3, message: "three" };
      },
      close: async () => void seen.push("closed"),
    });
    const options = { deadline: 12, signal };
    expect(await sender.send(protobufBatch("traces", body, 5), options)).toEqual({
      rejectedItems: 3,
      message: "three",
    });
    await sender.close();
    expect(seen).toEqual([options, "closed"]);
  });

  it("fails the send when the compressor fails", async () => {
    const broken: Compressor = { ...gzip(), compress: () => Promise.reject(new Error("no memory")) };
    await expect(sendThrough(broken, protobufBatch("traces", body, 5))).rejects.toThrow("no memory");
  });
});

async function sendThrough(compressor: Compressor, batch: Batch, options?: { minBytes: number }): Promise<Batch> {
  const sent: Batch[] = [];
  const end: Sender = {
    send: async (b) => {
      sent.push(b);
      return accepted;
    },
    close: async () => {},
  };
  await pipe(compress(compressor, options), end).send(batch, {});
  return sent[0] as Batch;
}

import { connect, type Socket } from "node:net";
import { byteBudget } from "@otlpkit/core";
import { gzip } from "@otlpkit/compression";
import { type RecordingSender, recordingSender, seeded } from "@otlpkit/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { httpReceiver, type HttpReceiverOptions } from "./index.ts";

// Senders that are slow, wrong or gone, over bare sockets.

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Line {
  readonly socket: Socket;
  readonly heard: string;
  /** Resolves when the far side has closed. */
  readonly closed: Promise<void>;
}

async function receiver(
  options: HttpReceiverOptions = {},
): Promise<{ pipeline: RecordingSender; dial: () => Line; close: (o?: { graceMs?: number }) => Promise<void> }> {
  const pipeline = recordingSender();
  const listening = await httpReceiver({ port: 0, compressors: [gzip()], ...options }).listen(pipeline);
  cleanups.push(() => listening.close({ graceMs: 0 }));
  const port = Number(listening.address.split(":")[1]);
  return { pipeline, dial: () => dialTo(port), close: (how) => listening.close(how) };
}

function dialTo(port: number): Line {
  const socket = connect({ host: "127.0.0.1", port });
  const chunks: string[] = [];
  socket.on("data", (chunk) => chunks.push(chunk.toString("latin1")));
  socket.on("error", () => {});
  cleanups.push(() => socket.destroy());
  return {
    socket,
    get heard() {
      return chunks.join("");
    },
    closed: new Promise((resolve) => socket.once("close", () => resolve())),
  };
}

const { body } = seeded(3).traces({ items: 2 });
const head = (...headers: string[]): string =>
  ["POST /v1/traces HTTP/1.1", "host: x", "content-type: application/x-protobuf", ...headers, "", ""].join("\r\n");
const withLength = head(`content-length: ${body.byteLength}`);

describe("httpReceiver and rude senders", () => {
  it("continues with who waits to be told (D-22)", async () => {
    const { dial } = await receiver();
    const line = dial();
    line.socket.write(head(`content-length: ${body.byteLength}`, "expect: 100-continue"));
    await expect.poll(() => line.heard).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    line.socket.write(body);
    await expect.poll(() => line.heard).toContain("HTTP/1.1 200 OK");
  });

  it("does not ask for a body that it will not take (D-22)", async () => {
    const { dial } = await receiver({ maxRequestBytes: 100 });
    const line = dial();
    line.socket.write(head("content-length: 101", "expect: 100-continue"));
    await expect.poll(() => line.heard).toContain("HTTP/1.1 413");
    expect(line.heard).not.toContain("100 Continue");
  });

  it("lets a sender read why, before it hangs up on a body without end (D-02, D-03)", async () => {
    const { dial } = await receiver({ maxRequestBytes: 100_000 });
    const line = dial();
    const chunk = `${(50_000).toString(16)}\r\n${"x".repeat(50_000)}\r\n`;
    line.socket.write(head("transfer-encoding: chunked"));
    const sending = setInterval(() => line.socket.write(chunk), 1);
    cleanups.push(() => clearInterval(sending));
    await expect.poll(() => line.heard).toContain("HTTP/1.1 413");
    expect(line.heard).toContain("connection: close");
    expect(line.heard).toContain("larger than 100000 bytes");
    await line.closed;
  });

  it("answers 408 to headers that do not come to an end, and hangs up", async () => {
    const { dial } = await receiver({ headersTimeoutMs: 50 });
    const line = dial();
    line.socket.write("POST /v1/traces HTTP/1.1\r\nx: ");
    await line.closed;
    expect(line.heard).toContain("HTTP/1.1 408");
  });

  it("hangs up on a connection that says nothing at all", async () => {
    const { dial } = await receiver({ headersTimeoutMs: 50 });
    await dial().closed;
  });

  it("answers 408 to a body that does not come to an end, and gives back what it held", async () => {
    const budget = byteBudget(1_000_000);
    const { dial, pipeline } = await receiver({ requestTimeoutMs: 60, budget });
    const line = dial();
    line.socket.write(withLength);
    line.socket.write(body.subarray(0, 10));
    await expect.poll(() => budget.usedBytes).toBe(body.byteLength);
    await line.closed;
    expect(line.heard).toContain("HTTP/1.1 408");
    await expect.poll(() => budget.usedBytes).toBe(0);
    expect(pipeline.batches).toEqual([]);
  });

  it("waits without limit for who is slow, when told to", async () => {
    const { dial } = await receiver({ headersTimeoutMs: 0, requestTimeoutMs: 0, keepAliveTimeoutMs: 0 });
    const line = dial();
    line.socket.write(withLength);
    line.socket.write(body.subarray(0, 10));
    await new Promise((resolve) => setTimeout(resolve, 60));
    line.socket.write(body.subarray(10));
    await expect.poll(() => line.heard).toContain("HTTP/1.1 200 OK");
  });

  it("answers 431 to a flood of headers", async () => {
    const { dial } = await receiver({ maxHeaderBytes: 1_024 });
    const line = dial();
    line.socket.write(head(...Array.from({ length: 200 }, (_, i) => `x-${i}: ${i}`)));
    await line.closed;
    expect(line.heard).toContain("HTTP/1.1 431");
  });

  it.each([
    ["nonsense", "\u0016\u0003\u0001 hello\r\n\r\n"],
    ["HTTP/2 with prior knowledge, as gRPC does", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a length that is no number", head("content-length: many")],
    ["two lengths", head("content-length: 1", "content-length: 2")],
  ])("answers 400 to %s, and hangs up", async (_, bytes) => {
    const { dial } = await receiver();
    const line = dial();
    line.socket.write(bytes);
    await line.closed;
    expect(line.heard).toContain("HTTP/1.1 400");
  });

  it("answers 400 to a chunk that is none", async () => {
    const { dial, pipeline } = await receiver();
    const line = dial();
    line.socket.write(`${head("transfer-encoding: chunked")}zz\r\n`);
    await line.closed;
    expect(line.heard).toContain("HTTP/1.1 400");
    expect(pipeline.batches).toEqual([]);
  });

  it("never puts a complaint where an earlier answer is owed", async () => {
    const { dial, pipeline } = await receiver();
    pipeline.script("hang");
    const line = dial();
    line.socket.write(withLength);
    line.socket.write(body);
    await expect.poll(() => pipeline.underWay).toBe(1);
    line.socket.write("nonsense\r\n\r\n");
    await line.closed;
    expect(line.heard).toBe("");
  });

  it("answers requests in the order in which they came on one connection", async () => {
    const { dial, pipeline } = await receiver();
    pipeline.script({ rejectedItems: 1, message: "first" }, { rejectedItems: 1, message: "second" });
    const line = dial();
    for (let i = 0; i < 2; i++) {
      line.socket.write(withLength);
      line.socket.write(body);
    }
    await expect.poll(() => line.heard).toMatch(/first.*second/s);
  });

  it("tells the pipeline when the sender hangs up", async () => {
    const { dial, pipeline } = await receiver();
    pipeline.script("hang");
    const line = dial();
    line.socket.write(withLength);
    line.socket.write(body);
    await expect.poll(() => pipeline.underWay).toBe(1);
    line.socket.resetAndDestroy();
    await expect.poll(() => pipeline.underWay).toBe(0);
    expect(pipeline.options[0]?.signal?.aborted).toBe(true);
  });

  it("does not, when told not to", async () => {
    const { dial, pipeline } = await receiver({ cancelOnDisconnect: false });
    dial().socket.end(Buffer.concat([Buffer.from(withLength), body]));
    await expect.poll(() => pipeline.batches.length).toBe(1);
    expect(pipeline.options[0]?.signal).toBeUndefined();
  });

  it("tells of a sender that goes within its request, and gives back what it held", async () => {
    const budget = byteBudget(1_000_000);
    const refusals: string[] = [];
    const { dial, pipeline } = await receiver({ budget, onRefused: ({ error }) => refusals.push(error.code) });
    const line = dial();
    line.socket.write(withLength);
    line.socket.write(body.subarray(0, 10));
    await expect.poll(() => budget.usedBytes).toBe(body.byteLength);
    line.socket.resetAndDestroy();
    await expect.poll(() => refusals).toEqual(["cancelled"]);
    expect([budget.usedBytes, pipeline.batches.length]).toEqual([0, 0]);
  });

  it("does not wait at close for connections that say nothing", async () => {
    const { dial, close } = await receiver();
    const [fresh, used] = [dial(), dial()];
    used.socket.write(withLength);
    used.socket.write(body);
    await expect.poll(() => used.heard).toContain("200 OK");
    await close({ graceMs: 60_000 });
    await Promise.all([fresh.closed, used.closed]);
  });
});

// What a program has recorded arrives, although its backend is slow, refuses for a while, or goes and comes back; and the
// program ends by itself.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Backend, freePort, grpcBackend, httpBackend, type ScriptedAnswer } from "@otlpkit/testkit/node";
import { describe, expect, it } from "vitest";

const exec = promisify(execFile);
const program = fileURLToPath(new URL("recorder.ts", import.meta.url));

interface Said {
  readonly report?: { readonly failed: number; readonly left: number };
  readonly counters: { readonly accepted: number; readonly delivered: number; readonly pending: number };
}

async function record(url: string, protocol: string, spans: number, how = "close"): Promise<Said> {
  const words = ["--conditions=@otlpkit/source", program, url, protocol, String(spans), how];
  const { stdout } = await exec(process.execPath, words, { timeout: 60_000 });
  return JSON.parse(stdout) as Said;
}

const kinds = [
  ["grpc", grpcBackend],
  ["http/protobuf", httpBackend],
  ["http/json", httpBackend],
] as const;

const spans = 100_000;

describe.each(kinds)("a program that records 100,000 spans and closes, %s", (protocol, start) => {
  it("loses none when the backend is slow", async () => {
    const backend = await start();
    backend.script({ kind: "ok", delayMs: 250 });
    await nothingLost(backend, await record(backend.url, protocol, spans));
  });

  it("loses none when the backend answers 503 for a while", async () => {
    const backend = await start();
    const begun = performance.now();
    const answer: ScriptedAnswer = () =>
      performance.now() - begun < 3000 ? { kind: "refuse", httpStatus: 503, grpcStatus: 14 } : { kind: "ok" };
    backend.script(answer);
    await nothingLost(backend, await record(backend.url, protocol, spans));
  });

  it("loses none when the backend restarts", async () => {
    const port = await freePort();
    const first = await start({ port });
    first.script({ kind: "ok", delayMs: 20 });
    const said = record(first.url, protocol, spans);
    await first.arrived(5);
    const before = first.acceptedItemIds();
    await first.close();
    // What was answered just before the end may have been accepted after we looked.
    const counted = new Set([...before, ...first.acceptedItemIds()]);
    const second = await start({ port });
    await nothingLost(second, await said, counted);
  });
});

async function nothingLost(backend: Backend, said: Said, before: Iterable<string> = []): Promise<void> {
  const arrived = new Set([...before, ...backend.acceptedItemIds()]);
  await backend.close();
  expect(said.report).toEqual({ failed: 0, left: 0 });
  expect(said.counters).toMatchObject({ accepted: spans, delivered: spans, pending: 0 });
  expect(arrived.size).toBe(spans);
}

describe("a program that does not close its client", () => {
  it("flushes as it ends, and ends by itself (O-20)", async () => {
    const backend = await httpBackend();
    const said = await record(backend.url, "http/protobuf", 700, "exit");
    expect(said.counters).toMatchObject({ accepted: 700, delivered: 700, pending: 0 });
    expect(new Set(backend.acceptedItemIds()).size).toBe(700);
    await backend.close();
  });

  it("ends although nobody takes what it holds, after the time for that", async () => {
    const port = await freePort();
    const begun = performance.now();
    const said = await record(`http://127.0.0.1:${port}`, "http/protobuf", 10, "exit");
    expect(said.counters).toMatchObject({ accepted: 10, delivered: 0, pending: 10 });
    expect(performance.now() - begun).toBeLessThan(30_000);
  });
});

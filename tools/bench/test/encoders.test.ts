// What our encoders make of the SDK's own objects is what the official serialisers, the other side of the benchmarks, make
// of them.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Signal } from "@otlpkit/core";
import { decode, encode, scan } from "@otlpkit/otlp";
import { beforeAll, describe, expect, it } from "vitest";

interface Encoded {
  readonly signal: Signal;
  readonly items: number;
  readonly ours: string;
  readonly official: string;
}

describe("our encoders and the official ones", () => {
  let found: readonly Encoded[];
  beforeAll(async () => {
    const program = fileURLToPath(new URL("sdk-encoded.ts", import.meta.url));
    const options = { maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@otlpkit/source", program], options);
    found = JSON.parse(stdout) as Encoded[];
  });

  it("say the same of spans, but for a status that says nothing", () => {
    const { ours, official, items } = found.find(({ signal }) => signal === "traces")!;
    const request = decode("traces", bytes(official));
    const scopes = request.resourceSpans?.flatMap(({ scopeSpans = [] }) => scopeSpans) ?? [];
    for (const span of scopes.flatMap(({ spans = [] }) => spans)) if (!span.status?.code) delete span.status;
    expect(scan("traces", bytes(ours))).toBe(items);
    expect(items).toBe(42);
    expect(bytes(ours)).toEqual(encode("traces", request));
  });

  it.each<Signal>(["logs", "metrics"])("say the same of %s", (signal) => {
    const encoded = found.filter((each) => each.signal === signal);
    expect(encoded.length).toBe(signal === "metrics" ? 2 : 1);
    for (const { ours, official, items } of encoded) {
      expect(items).toBeGreaterThan(7);
      expect(scan(signal, bytes(ours))).toBe(items);
      // The official one writes defaults too, which is another way to say the same.
      expect(bytes(ours)).toEqual(encode(signal, decode(signal, bytes(official))));
    }
  });
});

function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

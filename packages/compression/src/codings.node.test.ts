import { readFileSync } from "node:fs";
import { type Compressor, ExportError } from "@otlpkit/core";
import fc from "fast-check";
import { compressorCases } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { brotli, deflate, gzip, zstd } from "./index.ts";

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../testkit/data/${name}`, import.meta.url)));
const mebibyte = 1024 * 1024;

describe("gzip and the golden bodies", () => {
  const traces = golden("edge/traces-full.binpb");

  it.each(["traces-full.binpb.gz", "traces-full.multimember.gz"])("reads %s (D-01)", async (name) => {
    expect(await gzip().decompress(golden(`binary-only/${name}`), 64 * mebibyte)).toEqual(traces);
  });

  it.each(["traces-full.truncated.gz", "traces-full.badcrc.gz"])("refuses %s as invalid", async (name) => {
    await expect(gzip().decompress(golden(`binary-only/${name}`), 64 * mebibyte)).rejects.toMatchObject({
      code: "invalid",
      retryable: false,
    });
  });

  it("refuses bomb-65MiB.gz without taking memory (D-02)", async () => {
    const bomb = golden("binary-only/bomb-65MiB.gz");
    const before = process.memoryUsage().arrayBuffers;
    await expect(gzip().decompress(bomb, 64 * mebibyte)).rejects.toMatchObject({ code: "too-large" });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(mebibyte);
  });

  it("reads the bomb for who allows so much", async () => {
    const body = await gzip().decompress(golden("binary-only/bomb-65MiB.gz"), 66 * mebibyte);
    expect(body.byteLength).toBeGreaterThan(65 * mebibyte);
  });
});

describe("brotli keeps the contract", () => compressorCases({ it }, () => brotli()));
describe("zstd keeps the contract", () => compressorCases({ it }, () => zstd()));

describe.each<Compressor>([gzip(), deflate(), brotli(), zstd()])("$name of Node", (compressor) => {
  it("gives back what it was given, on both sides of the sizes where work goes to another thread", async () => {
    const sizes = [0, 1, 64 * 1024, 64 * 1024 + 1, 256 * 1024, 256 * 1024 + 1, mebibyte + 1];
    await Promise.all(
      sizes.map(async (size) => {
        const body = mixed(size);
        expect(await compressor.decompress(await compressor.compress(body), size)).toEqual(body);
      }),
    );
  });

  it("stops at the limit in bodies that grow a thousandfold", async () => {
    const bomb = await compressor.compress(new Uint8Array(8 * mebibyte));
    await expect(compressor.decompress(bomb, mebibyte)).rejects.toMatchObject({ code: "too-large" });
    expect((await compressor.decompress(bomb, 8 * mebibyte)).byteLength).toBe(8 * mebibyte);
  });

  it("reads a part of a larger buffer", async () => {
    const body = mixed(5000);
    const packed = await compressor.compress(body.subarray(1000, 3000));
    const inside = new Uint8Array(packed.byteLength + 20);
    inside.set(packed, 10);
    expect(await compressor.decompress(inside.subarray(10, -10), 2000)).toEqual(body.slice(1000, 3000));
  });

  it("returns plain bytes that do not hold on to much more memory", async () => {
    const packed = await compressor.compress(mixed(3000));
    const out = await compressor.decompress(packed, mebibyte);
    for (const bytes of [packed, out]) {
      expect(bytes).not.toBeInstanceOf(Buffer);
      expect(bytes.buffer.byteLength).toBeLessThanOrEqual(2 * bytes.byteLength);
    }
  });
});

describe.each<Compressor>([brotli(), zstd()])("$name of Node", (compressor) => {
  const body = mixed(3000);

  it("refuses a cut end, other bytes after the end, and no bytes", async () => {
    const packed = await compressor.compress(body);
    const results = await Promise.all([
      outcome(compressor.decompress(packed.subarray(0, -1), mebibyte)),
      outcome(compressor.decompress(packed.subarray(0, 5), mebibyte)),
      outcome(compressor.decompress(Buffer.concat([packed, Buffer.from("and more")]), mebibyte)),
      outcome(compressor.decompress(new Uint8Array(), mebibyte)),
    ]);
    expect(results).toEqual(["invalid", "invalid", "invalid", "invalid"]);
  });

  it("never throws anything but an ExportError for damage", async () => {
    const packed = await compressor.compress(body);
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const broken = packed.slice();
        broken[at] = (broken[at] as number) ^ change;
        const result = await outcome(compressor.decompress(broken, mebibyte));
        expect(result instanceof Uint8Array || result === "invalid" || result === "too-large").toBe(true);
      }),
    );
  });

  it("says which level is wrong when it is made", () => {
    expect(() => brotli({ quality: 12 })).toThrow(RangeError);
    expect(() => zstd({ level: 0 })).toThrow("zstd: level must be a whole number from 1 to 22, not 0");
  });
});

describe("zstd of Node", () => {
  it("reads joined frames as one body", async () => {
    const [a, b] = [mixed(2000), mixed(300_000)];
    const joined = Buffer.concat([await zstd().compress(a), await zstd().compress(b)]);
    expect(await zstd().decompress(joined, mebibyte)).toEqual(new Uint8Array(Buffer.concat([a, b])));
  });

  it("says in the frame how large the body is, and refuses early what says too much", async () => {
    const packed = await zstd().compress(new Uint8Array(100 * mebibyte));
    const before = process.memoryUsage().arrayBuffers;
    await expect(zstd().decompress(packed, 64 * mebibyte)).rejects.toMatchObject({ code: "too-large" });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(mebibyte);
  });

  it("refuses a frame that asks for a window of 128 MiB", async () => {
    // Magic, a descriptor without a content size, window descriptor 17 << 3 (2^27), one stored last block of one byte.
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3, 0x09, 0x00, 0x00, 0x61);
    expect(await outcome(zstd().decompress(frame, 4 * mebibyte))).toBe("too-large");
    frame[5] = 13 << 3;
    expect(await outcome(zstd().decompress(frame, 4 * mebibyte))).toEqual(Uint8Array.of(0x61));
  });
});

/** Half text, half noise from a small generator: compressible, but not to nothing. */
function mixed(size: number): Uint8Array {
  let state = 42;
  return Uint8Array.from({ length: size }, (_, index) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return index % 64 < 48 ? 97 + (index % 7) : state >>> 24;
  });
}

async function outcome(result: Promise<Uint8Array>): Promise<Uint8Array | string> {
  return result.catch((error: unknown) => (ExportError.is(error) ? error.code : `not ours: ${String(error)}`));
}

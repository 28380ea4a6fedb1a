import { ExportError } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { zstd } from "./index.ts";
import { loadZstdPackage, zstdFromPackage } from "./zstd-peer.ts";

const mebibyte = 1024 * 1024;
const body = new TextEncoder().encode("spans and spans and more spans ".repeat(5000));

describe("zstd from the optional package", () => {
  const codec = zstdFromPackage(loadZstdPackage);
  const decompress = (packed: Uint8Array, maxBytes: number): Promise<Uint8Array | string> =>
    codec
      .decompress(packed, maxBytes, undefined)
      .catch((error: unknown) => (ExportError.is(error) ? error.code : `not ours: ${String(error)}`));

  it("reads what node:zlib writes, and the other way round", async () => {
    expect(await decompress(await zstd().compress(body), body.byteLength)).toEqual(body);
    expect(await zstd().decompress(await codec.compress(body, 1), body.byteLength)).toEqual(body);
  });

  it("reads joined frames as one body", async () => {
    const frame = await zstd().compress(body);
    expect(await decompress(Buffer.concat([frame, frame]), mebibyte)).toEqual(
      new Uint8Array(Buffer.concat([body, body])),
    );
  });

  it("skips skippable frames", async () => {
    const frame = await zstd().compress(body);
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    expect(await decompress(Buffer.concat([skippable, frame]), mebibyte)).toEqual(body);
  });

  it("refuses by what the frames declare and by what their blocks could become", async () => {
    const frame = await zstd().compress(body);
    expect(await decompress(Buffer.concat([frame, frame]), 2 * body.byteLength - 1)).toBe("too-large");
    // No content size; a thousand blocks of one byte repeated 128 KiB times: 125 MiB in 4 KB.
    const block = (last: number): number[] => [(((128 * 1024) << 3) | (1 << 1) | last) & 0xff, 0, 0x10, 0x61];
    const bomb = Uint8Array.from([
      0x28,
      0xb5,
      0x2f,
      0xfd,
      0x00,
      0x38,
      ...Array.from({ length: 999 }, () => block(0)).flat(),
      ...block(1),
    ]);
    expect(await decompress(bomb, mebibyte)).toBe("too-large");
    expect(await decompress(bomb, 1000 * 128 * 1024)).toHaveProperty("byteLength", 1000 * 128 * 1024);
  });

  it("refuses damage, a cut end and other bytes after the end", async () => {
    const frame = await zstd().compress(body);
    const broken = frame.slice();
    broken.fill(0xff, 12, 40);
    const results = await Promise.all([
      ...Array.from({ length: frame.byteLength - 1 }, (_, length) => decompress(frame.subarray(0, length), mebibyte)),
      decompress(Buffer.concat([frame, Buffer.from("and more")]), mebibyte),
      decompress(broken, mebibyte),
    ]);
    expect(new Set(results)).toEqual(new Set(["invalid"]));
  });

  it("says what to install when the package is not there", async () => {
    const without = zstdFromPackage(() => loadZstdPackage("@otlpkit/no-such-package"));
    const expected = { code: "unsupported", message: expect.stringContaining("install @mongodb-js/zstd") };
    await expect(without.compress(body, 1)).rejects.toMatchObject(expected);
    await expect(without.decompress(body, 10, undefined)).rejects.toMatchObject(expected);
  });
});

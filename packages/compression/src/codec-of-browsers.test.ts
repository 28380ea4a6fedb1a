// The browser's codec also runs in Node, so that both can be held against each other there; `#codec` is whichever
// belongs to the runtime.
import { describe, expect, it } from "vitest";
import { codecs as own } from "#codec";
import { codecs as browsers, compressedByFflate } from "./codec.browser.ts";

const body = new TextEncoder().encode("spans and spans and more spans ".repeat(5000));

describe.each(["gzip", "deflate"] as const)("%s of browsers", (coding) => {
  it("reads what the runtime's own writes, and the other way round", async () => {
    const theirs = await own[coding].compress(body, 6);
    expect(await browsers[coding].decompress(theirs, body.byteLength, undefined)).toEqual(body);
    const ours = await browsers[coding].compress(body, 6);
    expect(await own[coding].decompress(ours, body.byteLength, undefined)).toEqual(body);
  });

  it("writes the same format where there is no CompressionStream", async () => {
    const packed = await compressedByFflate(coding, body, 1);
    expect(packed.byteLength).toBeLessThan(body.byteLength / 10);
    expect(await own[coding].decompress(packed, body.byteLength, undefined)).toEqual(body);
  });

  it("stops early in a body that grows a thousandfold", async () => {
    const bomb = await own[coding].compress(new Uint8Array(50_000_000), 9);
    await expect(browsers[coding].decompress(bomb, 1_000_000, undefined)).rejects.toMatchObject({ code: "too-large" });
  });
});

describe.each(["br", "zstd"] as const)("%s in browsers", (coding) => {
  it("is unsupported both ways, and says what to do", async () => {
    await expect(browsers[coding].compress(body, 1)).rejects.toMatchObject({ code: "unsupported" });
    await expect(browsers[coding].decompress(body, 10, undefined)).rejects.toThrow("choose gzip");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lines } from "./lines.ts";

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array, void, void> {
  let at = 0;
  for (let index = 0; at < bytes.byteLength; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function all(text: string, sizes: readonly number[], maxBytes = 1_000): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines(inPieces(new TextEncoder().encode(text), sizes), maxBytes)) found.push(line);
  return found;
}

describe("lines", () => {
  it("are the same wherever the borders of pieces are, in the middle of a letter too", async () => {
    const line = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => !/[\n\r]/.test(text) && text.trim() !== "");
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        async (expected, sizes) => {
          expect(await all(expected.map((each) => `${each}\n`).join(""), sizes)).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("leaves out empty ones, and one that was cut off", async () => {
    expect(await all('{"a":1}\n\n{"b":2}\n{"c":', [4])).toEqual(['{"a":1}', '{"b":2}']);
  });

  it("refuses one that does not end", async () => {
    await expect(all("x".repeat(2_000), [100])).rejects.toThrow("more than the 1000 bytes allowed");
  });
});

import { type Compressor, ExportError } from "@otlpkit/core";
import fc from "fast-check";
import { compressorCases } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { deflate, gzip } from "./index.ts";

const text = new TextEncoder().encode("a span, and another span, and one more span. ".repeat(2000));

describe("gzip keeps the contract", () => compressorCases({ it }, () => gzip()));
describe("deflate keeps the contract", () => compressorCases({ it }, () => deflate()));

describe.each<Compressor>([gzip(), gzip({ level: 9 }), deflate()])("$name everywhere", (compressor) => {
  it("gives back what it was given", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 300 }), async (unit, times) => {
        const body = repeat(unit, times);
        const packed = await compressor.compress(body);
        expect(await compressor.decompress(packed, body.byteLength)).toEqual(body);
      }),
      { numRuns: 50 },
    );
  });

  it("makes telemetry smaller", async () => {
    expect((await compressor.compress(text)).byteLength).toBeLessThan(text.byteLength / 10);
  });

  it("takes a body of exactly the limit and refuses one byte more", async () => {
    const packed = await compressor.compress(text);
    expect((await compressor.decompress(packed, text.byteLength)).byteLength).toBe(text.byteLength);
    await expect(compressor.decompress(packed, text.byteLength - 1)).rejects.toMatchObject({
      code: "too-large",
      retryable: false,
    });
  });

  it("keeps to a limit of nothing at all", async () => {
    const empty = await compressor.compress(new Uint8Array());
    expect(await compressor.decompress(empty, 0)).toEqual(new Uint8Array());
    const one = await compressor.compress(Uint8Array.of(7));
    await expect(compressor.decompress(one, 0)).rejects.toMatchObject({ code: "too-large" });
  });

  it("refuses a body cut short anywhere", async () => {
    const packed = await compressor.compress(text.subarray(0, 300));
    for (let length = 0; length < packed.byteLength; length++) {
      // one by one, so that a failure names its length
      const result = await outcome(compressor.decompress(packed.subarray(0, length), 1 << 20));
      expect([length, result]).toEqual([length, "invalid"]);
    }
  });

  it("refuses other bytes after the end, zeros too", async () => {
    const packed = await compressor.compress(text);
    const results = await Promise.all(
      [[0], [0x1f], [1, 2, 3], [...new TextEncoder().encode("and some more")], Array(64).fill(0)].map((tail) =>
        outcome(compressor.decompress(concat(packed, Uint8Array.from(tail)), 1 << 20)),
      ),
    );
    expect(results).toEqual(Array(5).fill("invalid"));
  });

  it("never returns wrong bytes for a flipped bit", async () => {
    const body = text.subarray(0, 500);
    const packed = await compressor.compress(body);
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.byteLength * 8 - 1), async (bit) => {
        const broken = packed.slice();
        broken[bit >> 3] = (broken[bit >> 3] as number) ^ (1 << (bit & 7));
        const result = await outcome(compressor.decompress(broken, 1 << 20));
        // Some bits of a header mean nothing: time, operating system.
        if (result instanceof Uint8Array) expect(result).toEqual(body);
        else expect(["invalid", "too-large"]).toContain(result);
      }),
    );
  });

  it("never throws anything but an ExportError for noise", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        const result = await outcome(compressor.decompress(noise, 1 << 20));
        expect(result instanceof Uint8Array || result === "invalid" || result === "too-large").toBe(true);
      }),
    );
  });

  it("does not change what it is given", async () => {
    const body = text.slice();
    const packed = await compressor.compress(body);
    const copy = packed.slice();
    await compressor.decompress(packed, body.byteLength);
    expect(body).toEqual(text);
    expect(packed).toEqual(copy);
  });
});

describe("gzip", () => {
  it("reads joined members as one body", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: 1, maxLength: 6 }), async (bodies) => {
        const members = await Promise.all(bodies.map((body) => gzip().compress(body)));
        expect(await gzip().decompress(concat(...members), 4000)).toEqual(concat(...bodies));
      }),
    );
  });

  it("stops at the limit across members", async () => {
    const member = await gzip().compress(text);
    const joined = concat(member, member, member);
    expect(await outcome(gzip().decompress(joined, 3 * text.byteLength - 1))).toBe("too-large");
  });

  it("refuses damage in a later member rather than return the first", async () => {
    const member = await gzip().compress(text);
    const broken = member.slice();
    broken[0] = 0;
    expect(await outcome(gzip().decompress(concat(member, broken), 1 << 20))).toBe("invalid");
  });

  it("stops at the limit when the trailer lies about the size", async () => {
    const packed = await gzip().compress(new Uint8Array(3_000_000));
    new DataView(packed.buffer, packed.byteOffset).setUint32(packed.byteLength - 4, 10, true);
    expect(await outcome(gzip().decompress(packed, 1_000_000))).toBe("too-large");
    expect(await outcome(gzip().decompress(packed, 4_000_000))).toBe("invalid");
  });

  it("reads a member with a file name and a comment in its header", async () => {
    const packed = await gzip().compress(text);
    const header = packed.slice(0, 10);
    header[3] = 0x18;
    const named = concat(header, new TextEncoder().encode("name\0comment\0"), packed.subarray(10));
    expect(await gzip().decompress(named, text.byteLength)).toEqual(text);
  });

  it("says which level is wrong when it is made", () => {
    expect(() => gzip({ level: 10 })).toThrow("gzip: level must be a whole number from 0 to 9, not 10");
    expect(() => gzip({ level: 1.5 })).toThrow(RangeError);
  });
});

async function outcome(result: Promise<Uint8Array>): Promise<Uint8Array | string> {
  return result.catch((error: unknown) => (ExportError.is(error) ? error.code : `not ours: ${String(error)}`));
}

function repeat(unit: Uint8Array, times: number): Uint8Array {
  return concat(...Array<Uint8Array>(times).fill(unit));
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

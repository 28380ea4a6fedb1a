import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { framed, messagePrefix, messageReader, prefixBytes } from "./frame.ts";

describe("a framed message", () => {
  it("is the same in one buffer and in two", () => {
    const message = new Uint8Array([1, 2, 3]);
    expect([...framed(message, true)]).toEqual([1, 0, 0, 0, 3, 1, 2, 3]);
    expect(Buffer.concat([messagePrefix(3, true), message])).toEqual(framed(message, true));
  });

  it("is read back whatever the chunks are", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), cuts, (message, compressed, sizes) => {
        const reader = messageReader();
        let rest: Uint8Array = framed(message, compressed);
        const heads = [];
        for (const size of [...sizes, rest.byteLength]) {
          heads.push(reader.push(rest.subarray(0, size)));
          rest = rest.subarray(size);
        }
        expect(heads.filter((head) => head !== undefined)).toEqual([{ compressed, length: message.byteLength }]);
        expect(reader.receivedBytes).toBe(prefixBytes + message.byteLength);
        expect(Buffer.compare(reader.take(), message)).toBe(0);
      }),
    );
  });

  it("holds nothing of what the chunks were cut from", () => {
    const reader = messageReader();
    const socketBuffer = Buffer.alloc(65_536);
    reader.push(socketBuffer.subarray(0, prefixBytes + 10));
    expect(reader.take().buffer).not.toBe(socketBuffer.buffer);
  });
});

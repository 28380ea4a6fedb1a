import { type Encryption, ExportError } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encryption, keyIdOf, keyRing, rawKey, secret } from "./index.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const key = (id: string, fill = 7) => rawKey(id, secret(new Uint8Array(32).fill(fill)));
const november = key("2026-11", 11);
const december = key("2026-12", 12);
const vault: Encryption = encryption({ keys: keyRing({ current: november }) });

/** The code and the message of what `work` throws. */
async function refusal(work: () => unknown): Promise<ExportError> {
  try {
    await work();
  } catch (error) {
    if (ExportError.is(error)) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("encryption", () => {
  it("gives back every record of a file, whatever its parts and its clear bytes", async () => {
    const record = fc.record({
      parts: fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
      clear: fc.option(fc.uint8Array({ maxLength: 30 }), { nil: undefined }),
      skip: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 8 }), fc.string(), async (records, context) => {
        const file = await vault.create(context);
        let index = -1;
        const sealed = records.map(({ parts, clear, skip }) => {
          index += 1 + skip;
          return { index, clear, plain: joined(parts), sealed: joined(file.seal(index, parts, clear)) };
        });
        const opened = await vault.open(file.header, context);
        for (const one of sealed.toReversed()) {
          expect(one.sealed.length).toBe(one.plain.length + file.overheadBytes);
          expect(new Uint8Array(opened.open(one.index, one.sealed, one.clear))).toEqual(one.plain);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("shows nothing of what it sealed", async () => {
    const file = await vault.create("a");
    const sealed = Buffer.from(joined(file.seal(0, [bytes("a secret attribute")])));
    expect(sealed.includes("secret")).toBe(false);
    expect(Buffer.from(file.header).includes("secret")).toBe(false);
  });

  it("makes each file a key of its own, so that the same record is never the same bytes", async () => {
    const seen = new Set<string>();
    for (let count = 0; count < 100; count++) {
      const file = await vault.create("same");
      seen.add(Buffer.from(joined(file.seal(0, [bytes("same")]))).toString("hex"));
    }
    expect(seen.size).toBe(100);
  });

  it("seals no index twice, and none that lies behind", async () => {
    const file = await vault.create("a");
    file.seal(0, [bytes("one")]);
    file.seal(5, [bytes("two")]);
    for (const index of [5, 4, 0, -1, 0.5, Number.NaN, 2 ** 53]) {
      const error = await refusal(() => file.seal(index, [bytes("three")]));
      expect(error).toMatchObject({ code: "invalid" });
    }
    file.seal(2 ** 53 - 1, [bytes("the last")]);
  });

  it("never uses a nonce twice with a key, whatever it is asked to seal", async () => {
    const asked = fc.array(fc.oneof(fc.nat({ max: 20 }), fc.maxSafeNat()), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(asked, async (indexes) => {
        const file = await vault.create("a");
        // What zeros become is the key stream, and the key stream is given by key and nonce.
        const streams: string[] = [];
        for (const index of indexes) {
          try {
            streams.push(Buffer.concat(file.seal(index, [new Uint8Array(32)])).toString("hex", 0, 32));
          } catch (error) {
            expect(error).toMatchObject({ code: "invalid" });
          }
        }
        expect(streams.length).toBeGreaterThan(0);
        expect(new Set(streams).size).toBe(streams.length);
      }),
      { numRuns: 200 },
    );
  });

  it("says which key a file needs, without opening it", async () => {
    const file = await vault.create("a");
    expect(keyIdOf(file.header)).toBe("2026-11");
    expect(file.keyId).toBe("2026-11");
  });

  describe("notices", () => {
    it("every flipped bit of a record, its clear bytes, its tag and its length", async () => {
      const file = await vault.create("a");
      const clear = bytes("traces");
      const sealed = joined(file.seal(3, [bytes("payload")], clear));
      const opened = await vault.open(file.header, "a");
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        expect((await refusal(() => opened.open(3, flipped(sealed, bit), clear))).code).toBe("invalid");
      }
      for (let bit = 0; bit < clear.length * 8; bit++) {
        expect((await refusal(() => opened.open(3, sealed, flipped(clear, bit)))).code).toBe("invalid");
      }
      for (let length = 0; length < sealed.length; length++) {
        expect((await refusal(() => opened.open(3, sealed.subarray(0, length), clear))).code).toBe("invalid");
      }
      await refusal(() => opened.open(3, joined([sealed, bytes(" ")]), clear));
      await refusal(() => opened.open(3, sealed));
      await refusal(() => opened.open(3, sealed, joined([clear, bytes(" ")])));
    });

    it("a record that stands in another place, of this file or of another", async () => {
      const file = await vault.create("a");
      const other = await vault.create("a");
      const first = joined(file.seal(0, [bytes("first")]));
      const second = joined(file.seal(1, [bytes("second")]));
      const foreign = joined(other.seal(0, [bytes("other")]));
      const opened = await vault.open(file.header, "a");
      for (const [index, sealed] of [
        [1, first],
        [0, second],
        [2, first],
        [0, foreign],
        [2 ** 32, first],
        [-1, first],
      ] as const) {
        expect((await refusal(() => opened.open(index, sealed))).code).toBe("invalid");
      }
    });

    it("that bytes were moved between what is clear and what stands before it", async () => {
      const file = await vault.create("segment-1");
      const sealed = joined(file.seal(0, [bytes("x")], bytes("ab")));
      const opened = await vault.open(file.header, "segment-1");
      await refusal(() => opened.open(0, sealed, bytes("a")));
      await refusal(() => opened.open(0, sealed, bytes("b")));
    });

    it("every flipped bit of a header, and every cut", async () => {
      const { header } = await vault.create("a");
      for (let bit = 0; bit < header.length * 8; bit++) {
        const error = await refusal(() => vault.open(flipped(header, bit), "a"));
        expect(error, `bit ${bit}`).toMatchObject({ code: "forbidden", retryable: false });
      }
      for (let length = 0; length < header.length; length++) {
        expect((await refusal(() => vault.open(header.subarray(0, length), "a"))).code).toBe("forbidden");
      }
      await refusal(() => vault.open(joined([header, bytes(" ")]), "a"));
    });

    it("a file that was renamed, or belongs to another tenant", async () => {
      const { header } = await vault.create("shop/1");
      const error = await refusal(() => vault.open(header, "bank/1"));
      expect(error.code).toBe("forbidden");
      expect(error.message).toContain('with the key "2026-11": its header was changed, or it was renamed');
      await refusal(() => vault.rewrap(header, "bank/1"));
    });
  });

  describe("with more than one key", () => {
    const rotated = encryption({ keys: keyRing({ current: december, older: [november] }) });

    it("opens what older keys wrapped, and wraps with the current one", async () => {
      const before = await vault.create("a");
      const sealed = joined(before.seal(0, [bytes("kept")]));
      const opened = await rotated.open(before.header, "a");
      expect(opened.keyId).toBe("2026-11");
      expect(new Uint8Array(opened.open(0, sealed))).toEqual(bytes("kept"));
      expect((await rotated.create("b")).keyId).toBe("2026-12");
    });

    it("wraps a file anew without touching a record", async () => {
      const before = await vault.create("a");
      const sealed = joined(before.seal(0, [bytes("kept")]));
      const header = await rotated.rewrap(before.header, "a");
      expect(keyIdOf(header)).toBe("2026-12");
      expect(await rotated.rewrap(header, "a")).toBe(header);
      const later = encryption({ keys: keyRing({ current: december }) });
      expect(new Uint8Array((await later.open(header, "a")).open(0, sealed))).toEqual(bytes("kept"));
      await refusal(() => later.open(before.header, "a"));
    });

    it("names the key that is missing, and the one that is another than before", async () => {
      const { header } = await vault.create("a");
      const without = encryption({ keys: keyRing({ current: december }) });
      expect((await refusal(() => without.open(header, "a"))).message).toBe(
        'cannot open an encrypted file: it needs the key "2026-11", and the key ring has none of this id; add it to the older keys',
      );
      const mistaken = encryption({ keys: keyRing({ current: key("2026-11", 99) }) });
      const error = await refusal(() => mistaken.open(header, "a"));
      expect(error.code).toBe("forbidden");
      expect(error.message).toContain('the key that is given here as "2026-11" is another than the one that was used');
    });

    it("goes on sealing and opening while keys change", async () => {
      let current = november;
      const keys = {
        current: async () => current,
        find: async (id: string) => [november, december].find((one) => one.id === id),
      };
      const box = encryption({ keys });
      const files = await Promise.all(
        Array.from({ length: 200 }, async (_, at) => {
          if (at === 100) current = december;
          const file = await box.create(`file ${at}`);
          const sealed = joined(file.seal(0, [bytes(`record ${at}`)]));
          return { header: await box.rewrap(file.header, `file ${at}`), sealed, at };
        }),
      );
      for (const { header, sealed, at } of files) {
        const final = await box.rewrap(header, `file ${at}`);
        expect(keyIdOf(final)).toBe("2026-12");
        expect(new Uint8Array((await box.open(final, `file ${at}`)).open(0, sealed))).toEqual(bytes(`record ${at}`));
      }
    });

    it("refuses two keys of one name", () => {
      expect(() => keyRing({ current: key("a"), older: [key("a", 8)] })).toThrow(
        /two keys of the key ring have the id "a"/,
      );
    });
  });
});

function flipped(from: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(from);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

import { ExportError } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonReader } from "./json-parse.ts";
import { jsonPath } from "./json-path.ts";

const utf8 = new TextEncoder();

/** Whether a text is one value of JSON, by our reader. */
function isJson(bytes: Uint8Array): boolean {
  try {
    const reader = new JsonReader(bytes);
    reader.skip();
    return reader.peek() === -1;
  } catch (error) {
    if (ExportError.is(error) && error.code === "invalid") return false;
    throw error;
  }
}

/** The same by the engine, which forgives half a surrogate pair where we do not. */
function isJsonToEngine(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    let whole = true;
    JSON.parse(text, (key, value: unknown) => {
      if (/\p{Surrogate}/u.test(key) || (typeof value === "string" && /\p{Surrogate}/u.test(value))) whole = false;
      return value;
    });
    return whole;
  } catch {
    return false;
  }
}

describe("the JSON reader", () => {
  it("agrees with the engine about what is JSON, for text that is", () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: "binary", maxDepth: 3 }), (text) => {
        const bytes = utf8.encode(text);
        expect(isJson(bytes)).toBe(isJsonToEngine(bytes));
      }),
      { numRuns: 200 },
    );
  });

  it("agrees with the engine about what is JSON, for text that is damaged", () => {
    const hit = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...utf8.encode('"\\{}[],:0-.eEu/n'))));
    fc.assert(
      fc.property(fc.json({ stringUnit: "binary" }), fc.array(hit, { minLength: 1, maxLength: 3 }), (text, hits) => {
        const bytes = utf8.encode(text);
        for (const [at, byte] of hits) bytes[at % bytes.length] = byte;
        expect(isJson(bytes)).toBe(isJsonToEngine(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it.for([
    "01",
    "+1",
    "1.",
    ".5",
    "1e",
    "-",
    "NaN",
    "Infinity",
    "tru",
    "nul",
    '"\\x"',
    '"\\u12"',
    '"\u0001"',
    "[1,]",
    "{,}",
    '{"a"}',
    "{a:1}",
    "'a'",
    "[1 2]",
    "",
    " ",
    "1 2",
    "\u00a01",
  ])("refuses %j", (text) => {
    expect(isJson(utf8.encode(text))).toBe(false);
  });

  it.for([
    [0xc0, 0x80],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x80, 0x80, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0x80],
    [0xc3],
    [0xe2, 0x82],
    [0xff],
  ])("refuses text that is not UTF-8: %j", (bytes) => {
    expect(isJson(Uint8Array.from([0x22, ...bytes, 0x22]))).toBe(false);
  });

  it("undoes escapes to the same text as the engine", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const escaped = text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
        for (const json of [`"${escaped}"`, JSON.stringify(text), `"${escaped}é\\/${escaped}"`]) {
          const reader = new JsonReader(utf8.encode(json));
          reader.string();
          const read = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
            reader.source.subarray(reader.from, reader.to),
          );
          expect(read).toBe(JSON.parse(json));
        }
      }),
    );
  });

  it("gives up on deep nesting without overflowing the stack", () => {
    expect(isJson(utf8.encode("[".repeat(1_000_000)))).toBe(false);
    expect(isJson(utf8.encode('{"a":'.repeat(1_000_000)))).toBe(false);
    expect(isJson(utf8.encode("[".repeat(100) + "]".repeat(100)))).toBe(true);
  });
});

describe("the path to a byte of JSON", () => {
  const json = utf8.encode('{"a":[{"b":"x,]\\"}"},{"c d":{"e":[[1],[2,3]]}}],"f":1}');
  const pathTo = (text: string): string => jsonPath(json, new TextDecoder().decode(json).indexOf(text));

  it("names keys and places", () => {
    expect(pathTo('"x')).toBe("a[0].b");
    expect(pathTo("3]")).toBe("a[1].?.e[1][1]");
    expect(pathTo("1}")).toBe("f");
    expect(jsonPath(json, 0)).toBe("");
  });

  it("stays short however deep it is", () => {
    const deep = utf8.encode('{"value":'.repeat(5000));
    expect(jsonPath(deep, deep.length).length).toBeLessThan(200);
  });
});

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { fixed, secret } from "./index.ts";

const value = "hunter2 and more";

describe("secret", () => {
  it("comes out by name only", () => {
    const hidden = secret(value);
    expect(hidden.reveal()).toBe(value);
    expect(Buffer.from(hidden.revealBytes()).toString()).toBe(value);
    expect(secret(Uint8Array.of(0xff, 0)).revealBytes()).toEqual(Uint8Array.of(0xff, 0));
  });

  it("is shown as [secret] however it is printed", () => {
    const hidden = secret(value);
    const ways = [
      String(hidden),
      String([hidden]),
      ["", hidden].join(""),
      JSON.stringify({ hidden }),
      inspect(hidden, { showHidden: true, depth: 9 }),
      inspect({ deep: [hidden] }, { showHidden: true, depth: 9, customInspect: false }),
      JSON.stringify(Object.entries(hidden)),
      JSON.stringify(Object.getOwnPropertyNames(hidden)),
      inspect(structuredClone({ hidden })),
      inspect({ ...hidden }),
      inspect(fixed(value), { showHidden: true, depth: 9 }),
    ];
    for (const shown of ways) expect(shown).not.toContain("hunter2");
    expect(ways.slice(0, 3)).toEqual(["[secret]", "[secret]", "[secret]"]);
    expect(ways[3]).toBe('{"hidden":"[secret]"}');
  });

  it("does not change with the bytes that it was made of, nor with those that it gave", () => {
    const bytes = Buffer.from(value);
    const hidden = secret(bytes);
    bytes.fill(0);
    hidden.revealBytes().fill(0);
    expect(hidden.reveal()).toBe(value);
  });

  it("is equal to the same value only", () => {
    expect(secret("a").equals(secret("a"))).toBe(true);
    for (const other of ["b", "", "aa"]) expect(secret("a").equals(secret(other)), other).toBe(false);
  });
});

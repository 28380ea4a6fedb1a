import { describe, expect, it } from "vitest";
import { formatByteSize, parseByteSize } from "./index.ts";

describe("parseByteSize", () => {
  it.each([
    ["0", 0],
    ["1048576", 1_048_576],
    ["20MiB", 20 * 2 ** 20],
    ["20 mib", 20 * 2 ** 20],
    ["1.5KiB", 1536],
    ["2GB", 2e9],
    ["7B", 7],
  ])("reads %s", (text, size) => {
    expect(parseByteSize(text)).toBe(size);
  });

  it.each(["", "MiB", "-1", "1TB", "1 2", "ten"])("has no answer for %j", (text) => {
    expect(parseByteSize(text)).toBeUndefined();
  });
});

describe("formatByteSize", () => {
  it("rounds to a tenth of the largest unit that fits", () => {
    expect([0, 1023, 1536, 64 * 2 ** 20, 3 * 2 ** 40].map(formatByteSize)).toEqual([
      "0 B",
      "1023 B",
      "1.5 KiB",
      "64 MiB",
      "3072 GiB",
    ]);
  });
});

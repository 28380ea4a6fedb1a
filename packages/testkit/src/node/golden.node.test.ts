import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { golden, goldenCase, goldenVector } from "./golden.ts";

const root = fileURLToPath(new URL("../../data", import.meta.url));

describe("golden", () => {
  it("reads every case that the manifest names, with the bytes that it promises", () => {
    const rows = readFileSync(`${root}/manifest.tsv`, "utf8").trimEnd().split("\n").slice(1);
    const cases = golden();
    expect(cases).toHaveLength(rows.length);
    for (const [index, row] of rows.entries()) {
      const [, name, , , , size, hash] = row.split("\t");
      const found = cases[index];
      expect(found?.name).toBe(name);
      if (!found?.binary) continue;
      expect(found.binary.byteLength, name).toBe(Number(size));
      expect(createHash("sha256").update(found.binary).digest("hex").slice(0, 16), name).toBe(hash);
    }
  });

  it("knows the signal of requests and responses, and that a Status has none", () => {
    expect(goldenCase("edge", "logs-full").signal).toBe("logs");
    expect(goldenCase("responses", "profiles-partial").signal).toBe("profiles");
    expect(goldenCase("responses", "status-simple").signal).toBeUndefined();
  });

  it("gives what remains of a message with unknown fields beside the message itself", () => {
    const { json, known, binary } = goldenCase("binary-only", "unknown-fields-everywhere");
    expect(json).toBeUndefined();
    expect(known?.binary.byteLength).toBeLessThan(binary?.byteLength ?? 0);
  });

  it("gives the trailer of a Status, which holds the Status itself", () => {
    const { detailsBin, binary } = goldenCase("responses", "status-unavailable-retryinfo-5s");
    expect(new Uint8Array(Buffer.from(detailsBin ?? "", "base64"))).toEqual(new Uint8Array(binary ?? []));
  });

  it("reads another folder of the same shape", () => {
    expect(golden({ root, group: "edge", signal: "metrics" }).map(({ name }) => name)).toEqual(
      golden({ group: "edge", signal: "metrics" }).map(({ name }) => name),
    );
    expect(() => golden({ root: "/nowhere/at/all" })).toThrow("ENOENT");
  });

  it("gives the tables as text", () => {
    expect(goldenVector("sampling-decisions.tsv")).toContain("\t");
  });

  it("says so when a case does not exist", () => {
    expect(() => goldenCase("edge", "no-such-case")).toThrow("edge/no-such-case");
  });
});

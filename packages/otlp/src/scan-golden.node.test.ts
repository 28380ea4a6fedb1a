// The golden cases that are requests in protobuf, driven by the manifest: a case that is added runs by itself. The cases
// are those of the kit, or those of the folder of the same shape that OTLPKIT_GOLDEN names.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ExportError, protobufBatch, type Signal, signalNames } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.ts";
import { requestNames } from "./generated/schema.ts";
import { merge } from "./merge.ts";
import { scan } from "./scan.ts";
import { splitByItems } from "./split.ts";
import { countItems } from "./visit.ts";
import { type Cursor, readUint32, skipValue } from "./wire.ts";

const chosen = process.env["OTLPKIT_GOLDEN"];
const data = chosen ? pathToFileURL(`${resolve(chosen)}/`) : new URL("../../testkit/data/", import.meta.url);
const rows = readFileSync(new URL("manifest.tsv", data), "utf8").trim().split("\n").slice(1);

interface Case {
  readonly name: string;
  readonly signal: Signal;
  readonly body: Uint8Array;
  readonly expected: string;
}

const cases = rows.flatMap((row): Case[] => {
  const [group = "", name = "", message = "", , path = "", , , expected = ""] = row.split("\t");
  const signal = signalNames.find((one) => requestNames[one] === message);
  if (signal === undefined || !["edge", "binary-only", "official"].includes(group)) return [];
  return [{ name, signal, body: new Uint8Array(readFileSync(new URL(path, data))), expected }];
});

/** Those whose outcome is left open are refused: a merged batch must not fail because of one of its parts. */
const refused = /reject|as above|EITHER|MUST NOT crash/;

describe("golden requests", () => {
  it(`are there: ${cases.length}`, () => {
    expect(cases.length).toBeGreaterThan(35);
  });

  it.each(cases.filter((one) => refused.test(one.expected)))("$name is refused", ({ signal, body }) => {
    expect(() => scan(signal, body)).toThrow(expect.toSatisfy((e) => ExportError.is(e) && e.code === "invalid"));
  });

  it.each(cases.filter((one) => !refused.test(one.expected)))("$name passes", ({ signal, body }) => {
    expect(countItems(signal, body)).toBe(scan(signal, body));
  });

  // Envelopes without items do not survive a cut (N1-03).
  const whole = cases.filter((one) => !refused.test(one.expected) && !one.name.includes("empty"));
  it.each(whole.filter((one) => one.signal !== "profiles"))(
    "$name survives being merged with itself and cut again",
    ({ signal, body }) => {
      const items = scan(signal, body);
      if (items === 0) return;
      const half = protobufBatch(signal, body, items);
      const pieces = splitByItems(merge([half, half]), items);
      expect(pieces.map((piece) => piece.items)).toEqual([items, items]);
      for (const piece of pieces) {
        expect(scan(signal, piece.body)).toBe(items);
        expect(decode(signal, piece.body)).toEqual(decode(signal, body));
      }
    },
  );

  it("keep their unknown fields byte for byte when they are cut", () => {
    const { signal, body } = cases.find((one) => one.name === "unknown-fields-everywhere") as Case;
    const batch = protobufBatch(signal, body, 1);
    const [first] = splitByItems(merge([batch, batch]), 1);
    // The request's own unknown fields are in both halves and so in each piece twice; all the rest is as it was.
    const unknown = body.length - sizeOfFirstField(body);
    expect(first?.body.length).toBe(body.length + unknown);
    expect(hex(first?.body.subarray(0, sizeOfFirstField(body)))).toBe(hex(body.subarray(0, sizeOfFirstField(body))));
  });
});

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}

function sizeOfFirstField(body: Uint8Array): number {
  const cursor: Cursor = { at: 0 };
  skipValue(body, cursor, readUint32(body, cursor));
  return cursor.at;
}

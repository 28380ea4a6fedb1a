// Every golden case of the codecs, driven by the manifest: a case that is added runs by itself. The cases are those of the
// kit, or those of the folder of the same shape that OTLPKIT_GOLDEN names.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ExportError, type Signal, signalNames } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { decodeMessage } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import { requestNames, responseNames } from "./generated/schema.ts";
import { transcode } from "./json-decode.ts";
import { toJsonText } from "./json-encode.ts";
import { jsonToProtobuf, protobufToJson } from "./json.ts";
import { layoutOf } from "./layout.ts";
import { decodeReply, encodeReply } from "./reply.ts";
import { decodeStatus, encodeStatus } from "./status.ts";

const chosen = process.env["OTLPKIT_GOLDEN"];
const data = chosen ? pathToFileURL(`${resolve(chosen)}/`) : new URL("../../testkit/data/", import.meta.url);

interface Case {
  readonly group: string;
  readonly name: string;
  readonly message: string;
  readonly json: string;
  readonly binpb: string;
  readonly expect: string;
}

const [heading = "", ...lines] = readFileSync(new URL("manifest.tsv", data), "utf8").trim().split("\n");
const columns = heading.split("\t");
const rows = lines.map(
  (line) => Object.fromEntries(line.split("\t").map((cell, i) => [columns[i], cell])) as never as Case,
);
/** A folder that somebody else filled may name files that it does not hold; ours holds all that it names. */
const lacking = ({ json, binpb }: Case): boolean =>
  chosen !== undefined && [json, binpb].some((path) => !existsSync(new URL(path.replace(/#.*/u, ""), data)));
const cases = rows.filter((row) => !lacking(row));

/** `name.jsonl#L2` is the second line of a file of JSON lines. */
function bytes(path: string): Uint8Array {
  const [file = "", line] = path.split("#L");
  const content = readFileSync(new URL(file, data));
  if (line === undefined) return new Uint8Array(content);
  return new TextEncoder().encode(content.toString("utf8").split("\n")[Number(line) - 1] ?? "");
}

/** Parsed JSON in which the sign of zero shows. */
function parsed(json: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json), (_, value: unknown) =>
    Object.is(value, -0) ? "negative zero" : value,
  );
}

function signalOf(message: string, names: Readonly<Record<Signal, string>>): Signal | undefined {
  return signalNames.find((signal) => names[signal] === message);
}

function refusal(action: () => unknown): ExportError {
  try {
    action();
  } catch (error) {
    if (ExportError.is(error)) return error;
    throw error;
  }
  throw new Error("it was taken");
}

const group = (...names: string[]): Case[] => cases.filter((one) => names.includes(one.group));

it(`golden cases are there: ${cases.length}`, () => {
  expect(cases.length).toBeGreaterThan(90);
});

it.skip.for(rows.filter(lacking).map(({ name }) => name))("%s is named by the manifest and not there", () => {});

describe("golden messages", () => {
  it.for(group("edge", "responses", "official").map((one) => [one.name, one] as const))(
    "%s: objects and back are the same bytes",
    ([, { message, binpb }]) => {
      const expected = bytes(binpb);
      expect(encodeMessage(message, decodeMessage(message, expected))).toEqual(expected);
    },
  );

  const withJson = group("edge", "responses").filter((one) => one.json !== "" && !one.message.startsWith("google."));
  it.for(withJson.map((one) => [one.name, one] as const))(
    "%s: JSON and protobuf are the same both ways",
    ([, { message, json, binpb }]) => {
      const expected = bytes(binpb);
      expect(transcode(message, bytes(json)).body).toEqual(expected);
      const text = toJsonText(layoutOf(message), decodeMessage(message, expected));
      expect(parsed(new TextEncoder().encode(text))).toEqual(parsed(bytes(json)));
      expect(text).not.toContain("\n");
      const signal = signalOf(message, requestNames);
      if (signal === undefined) return;
      expect(protobufToJson(signal, expected)).toEqual(new TextEncoder().encode(text));
      expect(jsonToProtobuf(signal, protobufToJson(signal, expected)).body).toEqual(expected);
    },
  );

  it.for(group("json-accept", "official").map((one) => [one.name, one] as const))(
    "%s is taken as JSON",
    ([, { message, json, binpb }]) => {
      expect(transcode(message, bytes(json)).body).toEqual(bytes(binpb));
    },
  );

  it.for(group("json-reject").map((one) => [one.name, one] as const))(
    "%s is refused as JSON",
    ([, { message, json }]) => {
      const error = refusal(() => transcode(message, bytes(json)));
      expect(error.code).toBe("invalid");
      expect(error.message).toMatch(/at byte \d+ of the JSON$/);
    },
  );

  const known = group("binary-only").filter((one) => one.expect.startsWith("MUST decode"));
  it.for(known.map((one) => [one.name, one] as const))("%s: reads what is known", ([, { message, json, binpb }]) => {
    const expected = bytes(binpb.replace(/\.binpb$/, ".known.binpb"));
    const value = decodeMessage(message, bytes(binpb));
    expect(encodeMessage(message, value)).toEqual(expected);
    if (json !== "") expect(JSON.parse(toJsonText(layoutOf(message), value))).toEqual(parsed(bytes(json)));
  });

  const damaged = group("binary-only").filter((one) => !one.expect.startsWith("MUST decode"));
  it.for(damaged.map((one) => [one.name, one] as const))("%s is refused as protobuf", ([, { message, binpb }]) => {
    const error = refusal(() => decodeMessage(message, bytes(binpb)));
    expect(error.code).toBe("invalid");
    expect(error.message).toMatch(/at byte \d+$/);
  });
});

describe("golden answers", () => {
  const replies = group("responses").filter((one) => signalOf(one.message, responseNames) !== undefined);
  it.for(replies.map((one) => [one.name, one] as const))(
    "%s reads the same in both formats and is written so again",
    ([name, { message, json, binpb }]) => {
      const signal = signalOf(message, responseNames)!;
      const ack = decodeReply(signal, bytes(binpb), "protobuf");
      expect(decodeReply(signal, bytes(json), "json")).toEqual(ack);
      // We never write an empty partial_success, and clamp counts that no number holds.
      if (name.endsWith("-empty-partial") || name.endsWith("-int64max")) return;
      expect(encodeReply(signal, ack, "protobuf")).toEqual(bytes(binpb));
      expect(parsed(encodeReply(signal, ack, "json"))).toEqual(parsed(bytes(json)));
    },
  );

  const statuses = group("responses").filter((one) => one.message === "google.rpc.Status");
  it.for(statuses.map((one) => [one.name, one] as const))(
    "%s reads the same in both formats and is written so again",
    ([, { json, binpb }]) => {
      const status = decodeStatus(bytes(binpb), "protobuf");
      expect(decodeStatus(bytes(json), "json")).toEqual(status);
      expect(encodeStatus(status, "protobuf")).toEqual(bytes(binpb));
      expect(parsed(encodeStatus(status, "json"))).toEqual(parsed(bytes(json)));
    },
  );
});

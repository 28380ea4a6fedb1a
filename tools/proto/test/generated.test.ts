import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import {
  messages,
  requestNames,
  responseNames,
  type FieldKind,
  type FieldSchema,
} from "../../../packages/otlp/src/generated/schema.ts";
import { staleFiles } from "../src/generate.ts";
import { modelSource } from "../src/model-source.ts";
import { tableRows, type Row } from "./table.ts";

const table = tableRows();
const fieldRows = table.filter((row) => row.kind === "message");
const messageNames = [...new Set(fieldRows.map((row) => row.message))];

describe("the generated files", () => {
  it("are what proto/ says (if not, run `node tools/proto/src/generate.ts`)", () => {
    expect(staleFiles()).toEqual([]);
  });
});

describe("schema.ts", () => {
  it("has every message of the standard, and those that error answers are made of", () => {
    const google = [
      "google.protobuf.Any",
      "google.protobuf.Duration",
      "google.rpc.BadRequest",
      "google.rpc.BadRequest.FieldViolation",
      "google.rpc.RetryInfo",
      "google.rpc.Status",
    ];
    expect(Object.keys(messages).toSorted()).toEqual([...google, ...messageNames].toSorted());
  });

  it.each(messageNames)("describes %s as the standard does, in the order of the numbers", (name) => {
    const rows = fieldRows.filter((row) => row.message === name);
    const fields = rows.map(fieldOf).toSorted((a, b) => a.number - b.number);
    expect(messages[name]).toEqual({ name, fields });
  });

  it("names what each signal's Export call takes and gives", () => {
    const methods = table.filter((row) => row.kind === "service");
    const pairs = Object.entries(requestNames).map(([signal, request]) => {
      const response = Object.entries(responseNames).find(([other]) => other === signal)?.[1];
      return `${request} -> ${response}`;
    });
    expect(pairs.toSorted()).toEqual(methods.map((row) => row.type).toSorted());
    expect(requestNames.traces).toContain(".trace.");
    expect(requestNames.metrics).toContain(".metrics.");
    expect(requestNames.logs).toContain(".logs.");
    expect(requestNames.profiles).toContain(".profiles.");
  });

  it("refers only to messages that it has", () => {
    const referred = Object.values(messages).flatMap((each) => each.fields.flatMap((field) => field.message ?? []));
    expect(referred.filter((name) => messages[name] === undefined)).toEqual([]);
  });
});

describe("model.ts", () => {
  it("says in TypeScript what a .proto file says", () => {
    const root = parse(`
      // Something with an id.
      message Thing {
        // How grave it is.
        enum Grade {
          GRADE_NONE = 0;
          // Badly.
          GRADE_BAD = 1;
        }
        // A piece of it.
        message Part { bytes part_id = 1; }
        // Its parts, unlike \`other_name\`.
        //
        // In order.
        repeated Part parts = 1;
        Grade grade = 2;
        // What it weighs.
        oneof weight {
          double as_double = 3;
          sfixed64 as_int = 4;
        }
        optional bool other_name = 5;
      }`);
    expect(modelSource(root)).toContain(`
/**
 * Something with an id.
 *
 * At most one of \`asDouble\` and \`asInt\` is set.
 * What it weighs.
 */
export interface Thing {
  /**
   * Its parts, unlike \`otherName\`.
   *
   * In order.
   */
  parts?: ThingPart[];
  grade?: ThingGrade;
  asDouble?: number;
  asInt?: bigint;
  otherName?: boolean;
}

/** How grave it is. */
export type ThingGrade = number;
/** The numbers of {@link ThingGrade} that have a name. */
export const ThingGrade = {
  NONE: 0,
  /** Badly. */
  BAD: 1,
} as const;

/** A piece of it. */
export interface ThingPart {
  partId?: Uint8Array;
}
`);
  });

  it("refuses to give two messages one name", () => {
    const root = parse("message SpanEvent {} message Span { message Event {} }");
    expect(() => modelSource(root)).toThrow("tests.Span.Event and tests.SpanEvent would both be SpanEvent");
  });

  it.each([
    ["sint64 number", "no TypeScript type for sint64"],
    ["map<string, string> number", "no TypeScript type for a map"],
  ])("refuses `%s`, which the protocol does not use", (declaration, reason) => {
    const root = parse(`message Old { ${declaration} = 1; }`);
    expect(() => modelSource(root)).toThrow(`tests.Old.number: ${reason}`);
  });
});

function parse(source: string): protobuf.Root {
  const text = `syntax = "proto3"; package tests; ${source}`;
  const { root } = protobuf.parse(text, { keepCase: true, alternateCommentMode: true });
  root.resolveAll();
  return root;
}

/** A line of the table as an entry of the schema. */
function fieldOf(row: Row): FieldSchema {
  const isMessage = row.type.includes(".") && !row.type.startsWith("enum ");
  return {
    number: Number(row.field_number),
    name: row.json_name,
    // compared, not used
    kind: (isMessage ? "message" : row.type.replace(/^enum .*/, "enum")) as FieldKind,
    repeated: row.label === "repeated",
    ...(isMessage && { message: row.type }),
    ...(row.label.startsWith("oneof ") && { oneof: row.label.slice("oneof ".length) }),
    ...(row.label.startsWith("optional ") && { optional: true }),
    ...(row.notes.includes("OTLP/JSON: hex") && { hex: true }),
  };
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { signals } from "../../../packages/core/src/signal.ts";
import { declared, fullName, load, protoDirectory, protoFiles } from "../src/load.ts";
import { fileOf, protoRows, services, tableRows, type Row } from "./table.ts";

const root = load();
const table = tableRows();
const ours = protoRows(root);

const namesIn = (rows: readonly Row[]): string[] => [...new Set(rows.map((row) => `${row.kind} ${row.message}`))];
const rowsOf = (rows: readonly Row[], name: string): Row[] =>
  rows
    .filter((row) => `${row.kind} ${row.message}` === name)
    .toSorted((a, b) => Number(a.field_number) - Number(b.field_number));

describe("proto/", () => {
  it("has the files of the standard, and those of google.rpc that answers need", () => {
    const standard = new Set(table.map((row) => row.file));
    const google = ["google/rpc/error_details.proto", "google/rpc/status.proto"];
    expect(protoFiles()).toEqual([...standard, ...google].toSorted());
  });

  it("declares every message, enum and service of the standard, and no other", () => {
    expect(namesIn(ours).toSorted()).toEqual(namesIn(table).toSorted());
    expect(ours).toHaveLength(table.length);
  });

  it.each(namesIn(table))("declares %s just as the standard does", (name) => {
    expect(rowsOf(ours, name)).toEqual(rowsOf(table, name));
  });

  it("reserves numbers only where the standard does", () => {
    const reserving = declared(root).filter((each) => (each.reserved ?? []).length > 0);
    const noted = table.filter((row) => row.notes.includes("reserved numbers"));
    expect(reserving.map(fullName).toSorted()).toEqual([...new Set(noted.map((row) => row.message))].toSorted());
  });

  it("agrees with core about the paths of each signal", () => {
    const facts = services(root).map((service) => {
      const httpPath = /POST (\S+)/.exec(service.comment ?? "")?.[1];
      return { httpPath, grpcPath: `/${fullName(service)}/${service.methodsArray[0]?.name}` };
    });
    const known = Object.values(signals).map(({ httpPath, grpcPath }) => ({ httpPath, grpcPath }));
    expect(facts).toHaveLength(known.length);
    expect(facts).toEqual(expect.arrayContaining(known));
  });

  it("has the messages that error answers are made of (K-05)", () => {
    expect(fields("google.rpc.Status")).toEqual([
      "int32 code = 1",
      "string message = 2",
      "repeated google.protobuf.Any details = 3",
    ]);
    expect(fields("google.rpc.RetryInfo")).toEqual(["google.protobuf.Duration retry_delay = 1"]);
    expect(fields("google.rpc.BadRequest")).toEqual(["repeated FieldViolation field_violations = 1"]);
    expect(fields("google.rpc.BadRequest.FieldViolation")).toEqual(["string field = 1", "string description = 2"]);
  });
});

describe.each(protoFiles())("proto/%s", (file) => {
  const source = readFileSync(join(protoDirectory, file), "utf8");

  it("is proto3", () => {
    expect(source).toMatch(/^syntax = "proto3";$/m);
  });

  it("is in the package that its path says", () => {
    const directory = file.slice(0, file.lastIndexOf("/"));
    expect(protobuf.parse(source).package).toBe(directory.replaceAll("/", "."));
  });

  it("imports what it refers to and nothing else", () => {
    const imports = protobuf.parse(source, new protobuf.Root()).imports ?? [];
    expect(imports.toSorted()).toEqual([...filesReferredTo(file)].toSorted());
  });

  it("says what everything is", () => {
    // Within a range of severities the first number speaks for all four.
    const silent = describable(file).filter(
      ([name, comment]) => !comment && !/SEVERITY_NUMBER_[A-Z]+[234]$/.test(name),
    );
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});

/** The fields of a message as they would be declared. */
function fields(name: string): string[] {
  return root.lookupType(name).fieldsArray.map((f) => `${f.repeated ? "repeated " : ""}${f.type} ${f.name} = ${f.id}`);
}

function filesReferredTo(file: string): Set<string> {
  const messages = declared(root).filter((each) => each instanceof protobuf.Type);
  const fieldTypes = messages.filter((each) => fileOf(each) === file).flatMap((each) => each.fieldsArray);
  const methods = services(root)
    .filter((each) => fileOf(each) === file)
    .flatMap((each) => each.methodsArray);
  const types = [
    ...fieldTypes.map((field) => field.resolvedType),
    ...methods.flatMap((method) => [method.resolvedRequestType, method.resolvedResponseType]),
  ];
  const files = types.filter((type) => type !== null).map(fileOf);
  return new Set(files.filter((each) => each !== file));
}

/** All that should have a comment in a file, with the comment that it has. */
function describable(file: string): [name: string, comment: string | null][] {
  const here = declared(root).filter((each) => fileOf(each) === file);
  const inside = here.flatMap((each) => {
    if (each instanceof protobuf.Type) return each.fieldsArray.map(named);
    return Object.keys(each.values).map((value): [string, string | null] => [value, each.comments[value] ?? null]);
  });
  const rpc = services(root).filter((each) => fileOf(each) === file);
  return [...here.map(named), ...inside, ...rpc.map(named), ...rpc.flatMap((each) => each.methodsArray).map(named)];
}

function named(object: protobuf.ReflectionObject): [name: string, comment: string | null] {
  return [fullName(object), object.comment];
}

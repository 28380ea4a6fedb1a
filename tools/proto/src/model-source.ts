import protobuf from "protobufjs";
import { camelCase, declared, fullName, jsonName } from "./load.ts";
import { signalPackages } from "./schema-source.ts";
import { refuseClashes, typeName } from "./type-name.ts";

/** The well-known types come without comments, so theirs are here. */
const wellKnownComments: Readonly<Record<string, string>> = {
  "google.protobuf.Any": "Any message at all, with a name that tells which.",
  "google.protobuf.Any.type_url":
    'Which message `value` holds: "type.googleapis.com/" and the full name, for instance\n"type.googleapis.com/google.rpc.RetryInfo".',
  "google.protobuf.Any.value": "The message in protobuf.",
  "google.protobuf.Duration": 'A span of time; both members have the same sign. In JSON it is a string like "1.5s".',
  "google.protobuf.Duration.seconds": "Whole seconds, within ±315,576,000,000 (about 10,000 years).",
  "google.protobuf.Duration.nanos": "The rest in nanoseconds, -999,999,999 to 999,999,999.",
};

const scalars: Readonly<Record<string, string>> = {
  double: "number",
  int32: "number",
  uint32: "number",
  sint32: "number",
  fixed32: "number",
  int64: "bigint",
  uint64: "bigint",
  fixed64: "bigint",
  sfixed64: "bigint",
  bool: "boolean",
  string: "string",
  bytes: "Uint8Array",
};

/** The text of model.ts: one interface per message, one alias and one constant object per enum. */
export function modelSource(root: protobuf.Root): string {
  const all = declared(root);
  refuseClashes(all);
  const blocks = all.map((each) => (each instanceof protobuf.Type ? interfaceLines(each) : enumLines(each)));
  return [
    'import type { Signal } from "@otlpkit/core";',
    "",
    blocks.map((lines) => lines.join("\n")).join("\n\n"),
    "",
    ...bySignal("Request", "Requests", "What a signal's Export call takes."),
    "",
    ...bySignal("Response", "Responses", "What a signal's Export call answers with."),
    "",
  ].join("\n");
}

function interfaceLines(message: protobuf.Type): string[] {
  const members = message.fieldsArray.flatMap((field) => [
    ...doc(field, "  "),
    `  ${jsonName(field)}?: ${memberType(field)};`,
  ]);
  const about = [commentOf(message), ...message.oneofsArray.map(oneofComment)].filter(Boolean).join("\n\n");
  return [...docLines(about, ""), `export interface ${typeName(message)} {`, ...members, "}"];
}

function memberType(field: protobuf.Field): string {
  if (field.map) throw new Error(`${fullName(field)}: no TypeScript type for a map`);
  const type = field.resolvedType;
  const one = type ? typeName(type) : scalars[field.type];
  if (one === undefined) throw new Error(`${fullName(field)}: no TypeScript type for ${field.type}`);
  return field.repeated ? `${one}[]` : one;
}

/** Enums stay open (M-18): the type is any number, the constants are those that have a name. */
function enumLines(declaration: protobuf.Enum): string[] {
  const name = typeName(declaration);
  // The constants of SpanKind all begin with SPAN_KIND_, which an object called SpanKind need not repeat.
  const prefix = `${declaration.name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase()}_`;
  const values = Object.entries(declaration.values).flatMap(([value, number]) =>
    docLines(declaration.comments[value] ?? "", "  ").concat(`  ${value.replace(prefix, "")}: ${number},`),
  );
  return [
    ...doc(declaration, ""),
    `export type ${name} = number;`,
    `/** The numbers of {@link ${name}} that have a name. */`,
    `export const ${name} = {`,
    ...values,
    "} as const;",
  ];
}

function doc(object: protobuf.ReflectionObject, indent: string): string[] {
  return docLines(commentOf(object), indent);
}

/** The comment of the .proto file. What it calls by field name is called by member name here. */
function commentOf(object: protobuf.ReflectionObject): string {
  const comment = wellKnownComments[fullName(object)] ?? object.comment ?? "";
  return comment.replaceAll(/`[a-z]+(_[a-z]+)+`/g, camelCase);
}

/** An interface has no place for a oneof, so what it says goes to the interface itself. */
function oneofComment(oneof: protobuf.OneOf): string {
  const comment = commentOf(oneof);
  if (comment === "" || oneof.isProto3Optional) return "";
  const arms = oneof.fieldsArray.map((field) => `\`${jsonName(field)}\``);
  return `At most one of ${arms.slice(0, -1).join(", ")} and ${arms.at(-1)} is set.\n${comment}`;
}

function docLines(text: string, indent: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.length === 1) return [`${indent}/** ${text} */`];
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`];
}

function bySignal(one: string, all: string, what: string): string[] {
  const members = Object.entries(signalPackages).map(
    ([signal, { word }]) => `  ${signal}: Export${word}Service${one};`,
  );
  return [
    `interface ${all} {`,
    ...members,
    "}",
    "",
    `/** ${what} */`,
    `export type ${one}Of<S extends Signal> = ${all}[S];`,
  ];
}

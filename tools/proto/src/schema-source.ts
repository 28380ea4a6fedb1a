import protobuf from "protobufjs";
import { camelCase, declared, fullName, jsonName } from "./load.ts";

/** Fields that OTLP/JSON writes as hex instead of base64 (E-01). `profile_id` is not among them (E-05). */
const hexFields: ReadonlySet<string> = new Set(["trace_id", "span_id", "parent_span_id"]);

const declarations = `import type { Signal } from "@otlpkit/core";

/** How a field's value is written in protobuf: a scalar type, or "enum" (a varint) or "message" (with its length in front). */
export type FieldKind =
  | "double"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "sint32"
  | "fixed32"
  | "fixed64"
  | "sfixed64"
  | "bool"
  | "string"
  | "bytes"
  | "enum"
  | "message";

/** One field of a message. */
export interface FieldSchema {
  /** The field number on the wire. */
  readonly number: number;
  /** The key in JSON, which is also the member of the interface in the model. */
  readonly name: string;
  readonly kind: FieldKind;
  /** Repeated numbers, booleans and enums are written packed. */
  readonly repeated: boolean;
  /** Full name of the message that the field holds; there when \`kind\` is "message". */
  readonly message?: string;
  /** Name of the oneof that the field is an arm of: at most one arm is set, and a set arm is written even if it is 0. */
  readonly oneof?: string;
  /** Declared \`optional\`: absent and 0 are different things. */
  readonly optional?: boolean;
  /** Bytes that OTLP/JSON writes as hex instead of base64 (E-01). */
  readonly hex?: boolean;
}

/** One message. */
export interface MessageSchema {
  /** Full protobuf name, e.g. "opentelemetry.proto.trace.v1.Span". */
  readonly name: string;
  /** In the order of their numbers. */
  readonly fields: readonly FieldSchema[];
}
`;

/** The text of schema.ts: every message as data, for code that reads and writes any of them. */
export function schemaSource(root: protobuf.Root): string {
  const messages = declared(root).filter((each) => each instanceof protobuf.Type);
  return [
    declarations,
    "/** Every message of OTLP and the few of google.rpc and google.protobuf that answers need, by full name. */",
    "export const messages: Readonly<Record<string, MessageSchema>> = {",
    ...messages.flatMap(messageLines),
    "};",
    "",
    "/** Full name of the message that a signal's Export call takes. */",
    ...namesBySignal("requestNames", "Request"),
    "",
    "/** Full name of the message that a signal's Export call answers with. */",
    ...namesBySignal("responseNames", "Response"),
    "",
  ].join("\n");
}

function messageLines(message: protobuf.Type): string[] {
  const name = JSON.stringify(fullName(message));
  const fields = message.fieldsArray.toSorted((a, b) => a.id - b.id);
  return [
    `  ${name}: {`,
    `    name: ${name},`,
    "    fields: [",
    ...fields.map((field) => `      ${fieldLiteral(field)},`),
    "    ],",
    "  },",
  ];
}

function fieldLiteral(field: protobuf.Field): string {
  const members = [`number: ${field.id}`, `name: "${jsonName(field)}"`];
  const type = field.resolvedType;
  const kind = type === null ? field.type : type instanceof protobuf.Enum ? "enum" : "message";
  members.push(`kind: "${kind}"`, `repeated: ${field.repeated}`);
  if (type instanceof protobuf.Type) members.push(`message: "${fullName(type)}"`);
  if (isOptional(field)) members.push("optional: true");
  else if (field.partOf) members.push(`oneof: "${camelCase(field.partOf.name)}"`);
  if (kind === "bytes" && hexFields.has(field.name)) members.push("hex: true");
  return `{ ${members.join(", ")} }`;
}

/** Declared with the word `optional`. protobufjs, like protoc, puts such a field into a oneof of its own. */
function isOptional(field: protobuf.Field): boolean {
  return field.options?.["proto3_optional"] === true;
}

/** Signals by the package that their service is in. */
export const signalPackages: Readonly<Record<string, { readonly package: string; readonly word: string }>> = {
  traces: { package: "trace.v1", word: "Trace" },
  metrics: { package: "metrics.v1", word: "Metrics" },
  logs: { package: "logs.v1", word: "Logs" },
  profiles: { package: "profiles.v1development", word: "Profiles" },
};

function namesBySignal(constant: string, suffix: string): string[] {
  const lines = Object.entries(signalPackages).map(
    ([signal, service]) =>
      `  ${signal}: "opentelemetry.proto.collector.${service.package}.Export${service.word}Service${suffix}",`,
  );
  return [`export const ${constant}: Readonly<Record<Signal, string>> = {`, ...lines, "};"];
}

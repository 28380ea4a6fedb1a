import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import { declared, fullName, jsonName, protoDirectory } from "../src/load.ts";

/** What protobufjs knows about scalar types: the wire type by name; in `long` those of 64 bits, in `packed` those that pack. */
const basic: Readonly<Record<string, number>> = protobuf.types.basic;
const packed: Readonly<Record<string, number>> = protobuf.types.packed;
const long: Readonly<Record<string, number>> = protobuf.types.long;

/** One line of fields.tsv: a field of a message, a value of an enum or a method of a service. */
export interface Row {
  readonly kind: string;
  /** Full name of the message, enum or service. */
  readonly message: string;
  readonly field_name: string;
  readonly json_name: string;
  readonly field_number: string;
  readonly type: string;
  readonly label: string;
  readonly notes: string;
  readonly file: string;
}

/** The protocol as the table tells it. */
export function tableRows(): Row[] {
  const text = readFileSync(new URL("../fields.tsv", import.meta.url), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => {
      const cells = line.split("\t");
      if (cells.length !== 9) throw new Error(`fields.tsv: ${cells.length} cells instead of 9 in ${line}`);
      const [kind = "", message = "", field_name = "", json_name = "", field_number = ""] = cells;
      const [type = "", label = "", notes = "", file = ""] = cells.slice(5);
      return { kind, message, field_name, json_name, field_number, type, label, notes, file };
    });
}

/** The protocol as the files in proto/ tell it, without google.*, in the words of the table. */
export function protoRows(root: protobuf.Root): Row[] {
  const types = declared(root).flatMap((each) => (each instanceof protobuf.Type ? fieldRows(each) : valueRows(each)));
  return [...types, ...services(root).flatMap(methodRows)].filter((row) => row.message.startsWith("opentelemetry."));
}

function fieldRows(message: protobuf.Type): Row[] {
  const reserved = (message.reserved ?? []).map(reservation).join(",");
  return message.fieldsArray.map((field) => {
    const notes = [presence(field), packing(field), json(field), wireType(field)];
    if (reserved !== "") notes.push(`message reserved numbers: ${reserved}`);
    return {
      kind: "message",
      message: fullName(message),
      field_name: field.name,
      json_name: jsonName(field),
      field_number: String(field.id),
      type: typeOf(field),
      label: labelOf(field),
      notes: notes.filter(Boolean).join("; "),
      file: fileOf(message),
    };
  });
}

function reservation(each: number[] | string): string {
  if (typeof each === "string") return each;
  return each[0] === each[1] ? String(each[0]) : each.join(" to ");
}

function typeOf(field: protobuf.Field): string {
  if (field.resolvedType === null) return field.type;
  return `${field.resolvedType instanceof protobuf.Enum ? "enum " : ""}${fullName(field.resolvedType)}`;
}

function labelOf(field: protobuf.Field): string {
  if (field.repeated) return "repeated";
  if (field.partOf && !field.partOf.isProto3Optional) return `oneof ${field.partOf.name}`;
  if (field.partOf) return "optional (explicit presence)";
  // In protobuf a message always has presence; protobufjs says so of scalars only.
  if (field.resolvedType instanceof protobuf.Type) return "singular (message presence)";
  return field.hasPresence ? "singular (explicit presence)" : "singular (implicit presence)";
}

function presence(field: protobuf.Field): string {
  if (!field.partOf || field.partOf.isProto3Optional) return "";
  return "presence tracked: default value must still be written when selected";
}

function packing(field: protobuf.Field): string {
  const packable = field.repeated && packed[wireKind(field)] !== undefined;
  if (!packable) return "";
  return field.packed ? "proto3 default: packed (wire type 2); accept unpacked too" : "not packed";
}

function json(field: protobuf.Field): string {
  if (long[field.type] !== undefined) return "JSON: decimal string";
  if (field.type !== "bytes") return "";
  return /(^|_)(trace|span)_id$/.test(field.name) ? "OTLP/JSON: hex" : "OTLP/JSON: base64";
}

function wireType(field: protobuf.Field): string {
  const number = basic[wireKind(field)] ?? 2;
  return `wire type ${number}${packing(field) === "" ? "" : " per element"}`;
}

function wireKind(field: protobuf.Field): string {
  return field.resolvedType instanceof protobuf.Enum ? "int32" : field.type;
}

function valueRows(declaration: protobuf.Enum): Row[] {
  return Object.entries(declaration.values).map(([name, number]) => ({
    kind: "enum",
    message: fullName(declaration),
    field_name: name,
    json_name: name,
    field_number: String(number),
    type: "enum_value",
    label: "",
    notes: "",
    file: fileOf(declaration),
  }));
}

/** Every service below `parent`. */
export function services(parent: protobuf.NamespaceBase): protobuf.Service[] {
  return parent.nestedArray.flatMap((child) => {
    if (child instanceof protobuf.Service) return [child];
    return child instanceof protobuf.Namespace ? services(child) : [];
  });
}

function methodRows(service: protobuf.Service): Row[] {
  return service.methodsArray.map((method) => {
    const path = /POST \S+/.exec(service.comment ?? "")?.[0];
    const types = [method.resolvedRequestType, method.resolvedResponseType].map((type) => type && fullName(type));
    return {
      kind: "service",
      message: fullName(service),
      field_name: method.name,
      json_name: `/${fullName(service)}/${method.name}`,
      field_number: "",
      type: types.join(" -> "),
      label: method.requestStream || method.responseStream ? "streaming" : "unary",
      notes: `gRPC :path in json_name column; OTLP/HTTP default path ${path}`,
      file: fileOf(service),
    };
  });
}

/** The file that declares it, as it would be imported. */
export function fileOf(object: protobuf.ReflectionObject): string {
  for (let each: protobuf.ReflectionObject | null = object; each; each = each.parent) {
    if (each.filename) return each.filename.replaceAll("\\", "/").replace(protoDirectory.replaceAll("\\", "/"), "");
  }
  // protobufjs has the well-known types built in.
  return `${fullName(object).replaceAll(".", "/").toLowerCase()}.proto`;
}

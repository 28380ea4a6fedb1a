import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

/** The directory that imports inside the .proto files are relative to. */
export const protoDirectory = fileURLToPath(new URL("../../../proto/", import.meta.url));

/** Well-known types come with every protobuf compiler, so `proto/` has no files for them. */
const wellKnown: ReadonlySet<string> = new Set(["google/protobuf/any.proto", "google/protobuf/duration.proto"]);

/** All .proto files below `directory`, as import paths, sorted. */
export function protoFiles(directory: string = protoDirectory): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".proto"))
    .map((file) => relative(directory, join(directory, file)).split(sep).join("/"))
    .toSorted();
}

/**
 * Compiles .proto files and what they import. Names keep their case, comments are kept, every type is resolved.
 *
 * Throws when a file does not parse, an import is missing, or a type is not found.
 */
export function load(files: readonly string[] = protoFiles(), directory: string = protoDirectory): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => (wellKnown.has(target) ? target : join(directory, target));
  root.loadSync([...files], { keepCase: true, alternateCommentMode: true });
  root.resolveAll();
  return root;
}

/** A message or an enum, with the package it is in. */
export type Declared = protobuf.Type | protobuf.Enum;

/** Every message and enum below `parent`: packages by name, inside a package in the order of the files, outer first. */
export function declared(parent: protobuf.NamespaceBase): Declared[] {
  const own: Declared[] = [];
  const packages: protobuf.NamespaceBase[] = [];
  for (const child of parent.nestedArray) {
    if (child instanceof protobuf.Type) own.push(child, ...declared(child));
    else if (child instanceof protobuf.Enum) own.push(child);
    else if (child instanceof protobuf.Namespace && !(child instanceof protobuf.Service)) packages.push(child);
  }
  const byName = packages.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [...own, ...byName.flatMap((each) => declared(each))];
}

/** `opentelemetry.proto.trace.v1.Span`: the full name without the dot in front that protobufjs puts there. */
export function fullName(object: protobuf.ReflectionObject): string {
  return object.fullName.replace(/^\./, "");
}

/** The key in JSON: what the field says itself (`json_name`), or else its name in lowerCamelCase. */
export function jsonName(field: protobuf.Field): string {
  const own: unknown = field.options?.["json_name"];
  return typeof own === "string" ? own : camelCase(field.name);
}

/** `string_value_strindex` is `stringValueStrindex`, as protoc makes it. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-zA-Z0-9]?)/g, (_, next: string) => next.toUpperCase());
}

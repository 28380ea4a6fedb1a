import protobuf from "protobufjs";
import { fullName, type Declared } from "./load.ts";

/**
 * Names that would mislead or clash where all messages share one module: there are two `Status`, two `Link`, and some
 * names are globals in a browser or mean little without their package.
 */
const renamed: Readonly<Record<string, string>> = {
  "google.protobuf.Any": "ProtobufAny",
  "google.protobuf.Duration": "ProtobufDuration",
  "google.rpc.Status": "RpcStatus",
  "opentelemetry.proto.trace.v1.Status": "SpanStatus",
  "opentelemetry.proto.trace.v1.Status.StatusCode": "SpanStatusCode",
  "opentelemetry.proto.profiles.v1development.Function": "ProfileFunction",
  "opentelemetry.proto.profiles.v1development.Line": "ProfileLine",
  "opentelemetry.proto.profiles.v1development.Link": "ProfileLink",
  "opentelemetry.proto.profiles.v1development.Location": "ProfileLocation",
  "opentelemetry.proto.profiles.v1development.Mapping": "ProfileMapping",
  "opentelemetry.proto.profiles.v1development.Sample": "ProfileSample",
  "opentelemetry.proto.profiles.v1development.Stack": "ProfileStack",
  "opentelemetry.proto.profiles.v1development.ValueType": "ProfileValueType",
};

/** The TypeScript name: `Span.Event` is `SpanEvent`, `Span.SpanKind` stays `SpanKind`. */
export function typeName(declaration: Declared): string {
  const known = renamed[fullName(declaration)];
  if (known !== undefined) return known;
  const outer = declaration.parent instanceof protobuf.Type ? typeName(declaration.parent) : "";
  return declaration.name.startsWith(outer) ? declaration.name : outer + declaration.name;
}

/** Throws when two declarations would get the same name. */
export function refuseClashes(all: readonly Declared[]): void {
  const taken = new Map<string, string>();
  for (const each of all) {
    const other = taken.get(typeName(each));
    if (other !== undefined) {
      throw new Error(`${fullName(each)} and ${other} would both be ${typeName(each)}; give one another name`);
    }
    taken.set(typeName(each), fullName(each));
  }
}

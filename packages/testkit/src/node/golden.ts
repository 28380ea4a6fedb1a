import type { Signal } from "@otlpkit/core";
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";

/** The groups that come with the kit; a folder of your own may hold others. */
export type GoldenGroup = "edge" | "responses" | "json-accept" | "json-reject" | "binary-only" | "gzip";

/** One row of the manifest with its files. */
export interface Golden {
  readonly group: GoldenGroup | (string & {});
  readonly name: string;
  /** Full protobuf name of the message inside. */
  readonly message: string;
  /** The signal, when the message is an Export request or response. */
  readonly signal: Signal | undefined;
  /** The JSON form, byte for byte as in the file. */
  readonly json: Uint8Array | undefined;
  /** The protobuf form; in the group "gzip" the compressed body. */
  readonly binary: Uint8Array | undefined;
  /** What a decoder that drops unknown fields must obtain ("binary-only" cases that are legal). */
  readonly known: { readonly json: Uint8Array; readonly binary: Uint8Array } | undefined;
  /** For `google.rpc.Status`: the value of the gRPC trailer `grpc-status-details-bin`. */
  readonly detailsBin: string | undefined;
  /** What is expected, in words: "MUST decode", "MUST reject 400 / INVALID_ARGUMENT". */
  readonly expect: string;
  readonly note: string;
}

/** Which cases are wanted. */
export interface GoldenFilter {
  /** Only this group. Default: all. */
  readonly group?: Golden["group"];
  /** Only the case of this name. Default: all. */
  readonly name?: string;
  /** Only this signal. Default: all, those without a signal included. */
  readonly signal?: Signal;
  /** A folder of the same shape: absolute path or `file:` URL. Default: the data that come with the kit. */
  readonly root?: string | URL;
}

// The same way up from src/node and from dist/node.
const shipped = new URL("../../data/", import.meta.url);

/** The golden cases, in the order of the manifest. Throws when the manifest or a file that it names is missing. */
export function golden(filter: GoldenFilter = {}): Golden[] {
  const root = folder(filter.root);
  const [, ...rows] = text(root, "manifest.tsv").split("\n");
  const found: Golden[] = [];
  for (const row of rows) {
    if (row === "") continue;
    const [group = "", name = "", message = "", json = "", binary = "", , , expect = "", note = ""] = row.split("\t");
    const signal = signalOf(message);
    if (filter.group !== undefined && filter.group !== group) continue;
    if (filter.name !== undefined && filter.name !== name) continue;
    if (filter.signal !== undefined && filter.signal !== signal) continue;
    const known = binary.replace(/\.binpb$/, ".known.binpb");
    const hasKnown = json.endsWith(".known.json");
    found.push({
      group,
      name,
      message,
      signal,
      json: json === "" || hasKnown ? undefined : bytes(root, json),
      binary: binary === "" ? undefined : bytes(root, binary),
      known: hasKnown ? { json: bytes(root, json), binary: bytes(root, known) } : undefined,
      detailsBin: detailsOf(root, binary),
      expect,
      note,
    });
  }
  return found;
}

/** The one case of this group and name. Throws when there is none. */
export function goldenCase(group: Golden["group"], name: string, root?: string | URL): Golden {
  const [found] = golden({ group, name, ...(root === undefined ? {} : { root }) });
  if (!found) throw new Error(`there is no golden case ${group}/${name}; data/manifest.tsv lists them`);
  return found;
}

/** The text of a table in `vectors/`: "config-vectors.json", "sampling-decisions.tsv", "sampling-thresholds.tsv". */
export function goldenVector(file: string, root?: string | URL): string {
  return text(folder(root), `vectors/${file}`);
}

const services: readonly (readonly [string, Signal])[] = [
  [".collector.trace.", "traces"],
  [".collector.metrics.", "metrics"],
  [".collector.logs.", "logs"],
  [".collector.profiles.", "profiles"],
];

function signalOf(message: string): Signal | undefined {
  return services.find(([part]) => message.includes(part))?.[1];
}

function folder(root: string | URL | undefined): URL {
  if (root === undefined) return shipped;
  const url = typeof root === "string" && isAbsolute(root) ? pathToFileURL(root) : new URL(root);
  return url.pathname.endsWith("/") ? url : new URL(`${url.href}/`);
}

function text(root: URL, path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

/** `name.jsonl#L2` is the second line of a file of JSON lines. */
function bytes(root: URL, path: string): Uint8Array {
  const [file = "", line] = path.split("#L");
  if (line !== undefined) {
    return new TextEncoder().encode(text(root, file).split("\n")[Number(line) - 1] ?? "");
  }
  const { buffer, byteOffset, byteLength } = readFileSync(new URL(file, root));
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function detailsOf(root: URL, binary: string): string | undefined {
  const url = new URL(binary.replace(/\.binpb$/, ".details-bin.b64"), root);
  return url.href.endsWith(".b64") && existsSync(url) ? readFileSync(url, "utf8").trim() : undefined;
}

import { constants } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import {
  check,
  choice,
  duration,
  flag,
  ignored,
  integer,
  or,
  present,
  section,
  text,
  unsupported,
} from "@otlpkit/config";
import { accepted, definePlugin, ExportError, type Middleware, pipe, type Sender, type Signal } from "@otlpkit/core";
import { protobufToJson } from "@otlpkit/otlp";
import { accounted } from "../../accounted.ts";
import type { Destination, ExporterContext } from "../../component.ts";
import { compressionStage } from "../../settings/compression.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { lengthPrefixed, lines } from "./framing.ts";
import { type MessageFile, messageFile } from "./message-file.ts";
import type { Rotation } from "./rotation.ts";

const dayMs = 86_400_000;
const megabyte = 1_048_576;

const config = section({
  path: check(text, (path) => (path.trim() === "" ? "is required: the path of a file" : undefined)),
  rotation: present(
    section({
      max_megabytes: or(integer({ min: 1 }), 100),
      max_days: or(integer({ min: 0 }), 0),
      max_backups: or(integer({ min: 0 }), 100),
      localtime: or(flag, false),
    }),
  ),
  format: or(choice("json", "proto"), "json"),
  compression: or(choice("none", "zstd", ""), "none"),
  /** Unlike the Collector's this is true: a restart should not delete what was acknowledged. */
  append: or(flag, true),
  flush_interval: ignored("a sender is answered when its data have been written"),
  create_directory: or(flag, true),
  directory_permissions: ignored("the umask applies"),
  encoding: unsupported("use format: json or proto"),
  group_by: check(
    or(
      section({ enabled: or(flag, false), resource_attribute: or(text, ""), max_open_files: or(integer(), 100) }),
      undefined,
    ),
    (group) => (group?.enabled === true ? "not supported: there is one file a signal" : undefined),
  ),
  timeout: or(duration, 0),
});

/** What a test may replace. */
export interface FileContext extends ExporterContext {
  readonly fileSystem?: FileSystem;
}

/** `file`: appends to files, one for each signal, as lines of OTLP/JSON or as length-prefixed protobuf. */
export const fileExporter = definePlugin({
  kind: "exporter",
  names: ["file"],
  config,
  async create(settings, context: FileContext): Promise<Destination> {
    const { log, signals, fileSystem = nodeFileSystem } = context;
    const compression = await compressionStage(settings.compression, undefined);
    const binary = settings.format === "proto" || compression.length > 0;
    await writable(
      dirname(settings.path.replaceAll("{signal}", signals[0] ?? "")),
      settings.create_directory,
      fileSystem,
    );

    const files = new Map<Signal, MessageFile>();
    const paths = signals.map((signal) => {
      const path = pathFor(settings.path, signal, signals.length);
      files.set(
        signal,
        messageFile({
          path,
          framing: binary ? lengthPrefixed : lines,
          rotation: rotationOf(settings.rotation),
          truncate: !settings.append,
          fs: fileSystem,
          now: Date.now,
          onMended: (what) => log.warn(what, { path }),
        }),
      );
      return path;
    });
    if (signals.length > 1 && !settings.path.includes("{signal}")) {
      log.info("a file holds one signal, so there is one each", { paths: paths.join(", ") });
    }
    const encode: Middleware[] = settings.format === "json" ? [asJson, ...compression] : compression;
    const sender = pipe(accounted(context), reported(context), ...encode, context.condition.attempts, writer(files));
    const target = signals.length > 1 ? together(settings.path, signals) : paths.join(", ");
    return { sender, label: "file", target, notes: retentionNote(settings.rotation) };
  },
});

/** The path of a signal's file: `{signal}` replaced, or the signal in front of the extension if there are several. */
function pathFor(path: string, signal: Signal, signals: number): string {
  if (path.includes("{signal}")) return path.replaceAll("{signal}", signal);
  if (signals <= 1) return path;
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.${signal}${extension}`);
}

const asJson: Middleware = (next) => ({
  send: (batch, options) =>
    next.send({ ...batch, body: protobufToJson(batch.signal, batch.body), format: "json" }, options),
  close: () => next.close(),
});

function writer(files: ReadonlyMap<Signal, MessageFile>): Sender {
  return {
    async send(batch) {
      await files.get(batch.signal)!.append(batch.body);
      return accepted;
    },
    async close() {
      await Promise.all([...files.values()].map((file) => file.close()));
    },
  };
}

function reported({ log }: ExporterContext): Middleware {
  return (next) => ({
    async send(batch, options) {
      try {
        return await next.send(batch, options);
      } catch (error) {
        log.error("not written; the sender is asked to come again", {
          signal: batch.signal,
          items: batch.items,
          error,
        });
        throw error;
      }
    },
    close: () => next.close(),
  });
}

async function writable(folder: string, create: boolean, fs: FileSystem): Promise<void> {
  try {
    if (create) await fs.mkdir(folder, { recursive: true });
    await fs.access(folder, constants.W_OK);
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new ExportError("unavailable", `cannot write into ${folder} (${code}); give another path`, { cause });
  }
}

type RotationConfig = { max_megabytes: number; max_days: number; max_backups: number; localtime: boolean };

function rotationOf(rotation: Readonly<RotationConfig> | undefined): Rotation {
  if (rotation === undefined) return { maxBytes: 0, maxAgeMs: 0, maxBackups: 0, localTime: false };
  return {
    maxBytes: rotation.max_megabytes * megabyte,
    maxAgeMs: rotation.max_days * dayMs,
    maxBackups: rotation.max_backups,
    localTime: rotation.localtime,
  };
}

function retentionNote(rotation: Readonly<RotationConfig> | undefined): string[] {
  if (rotation === undefined) return [];
  const { max_backups: backups, max_days: days, max_megabytes: megabytes } = rotation;
  const kept = [backups > 0 ? `${backups} older` : "", days > 0 ? `${days} days` : ""].filter((part) => part !== "");
  return [`a new file every ${megabytes} MiB; ${kept.length > 0 ? `kept: ${kept.join(", ")}` : "all are kept"}`];
}

function together(path: string, signals: readonly Signal[]): string {
  const all = `{${signals.join(",")}}`;
  if (path.includes("{signal}")) return path.replaceAll("{signal}", all);
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.${all}${extension}`);
}

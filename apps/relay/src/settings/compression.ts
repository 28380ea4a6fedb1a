import { integer, optional, section, type Shape } from "@otlpkit/config";
import { brotli, compress, deflate, gzip, zstd } from "@otlpkit/compression";
import { type Compressor, ExportError, type Middleware } from "@otlpkit/core";

/** Names in a configuration, and what they are on the wire. */
const makers: Readonly<Record<string, (level?: number) => Compressor>> = {
  gzip: (level) => gzip(level === undefined ? {} : { level }),
  zstd: (level) => zstd(level === undefined ? {} : { level }),
  deflate: () => deflate(),
  zlib: () => deflate(), // the Collector's other name for the same format
  br: () => brotli(),
};

/** `compression_params`. */
export const compressionParameters: Shape<{ readonly level: number | undefined }> = section({
  level: optional(integer({ min: -1, max: 22 })),
});

/** What receivers take, and what is offered for answers. */
export async function readable(): Promise<readonly Compressor[]> {
  const all = [gzip(), deflate(), brotli()];
  return (await works(zstd())) ? [...all, zstd()] : all;
}

/** The stage for `compression: name`; none for "none" and "". Throws when this Node cannot do it. */
export async function compressionStage(name: string, level: number | undefined): Promise<Middleware[]> {
  if (name === "none" || name === "") return [];
  // The Collector writes -1 for the default of the format; ours is tuned for batches.
  const compressor = makers[name]!(level === -1 ? undefined : level);
  if (!(await works(compressor))) {
    const advice = "use gzip, a Node from 22.15 on, or install @mongodb-js/zstd";
    throw new ExportError("unsupported", `compression: this Node (${process.version}) has no ${name}; ${advice}`);
  }
  return [compress(compressor)];
}

async function works(compressor: Compressor): Promise<boolean> {
  try {
    await compressor.compress(new Uint8Array(1));
    return true;
  } catch {
    return false; // "unsupported": nothing else can go wrong with one byte
  }
}

// node:zlib is fetched at the first use, and not through `import`: that would cost every start some ten milliseconds.
import type * as NodeZlib from "node:zlib";
import { ExportError } from "@otlpkit/core";
import { type Codec, type CodecTable, type Coding, damaged, tooLarge } from "./codec.ts";
import { loadZstdPackage, zstdFromPackage } from "./zstd-peer.ts";

// Handing work to zlib's threads costs the main thread 0.3-0.4 ms, in which it can compress 64 KiB with gzip 1 or
// 200 KiB with zstd 1, or inflate 200 KiB: less than that is done at once, the rest is handed over.
const gzipAtOnceBytes = 64 * 1024;
const zstdAtOnceBytes = 256 * 1024;
const decompressAtOnceBytes = 256 * 1024;
/** No body makes us take more than this in one piece, whatever it says about itself. */
const maxChunkBytes = 1024 * 1024;

type Zlib = typeof NodeZlib;

/** The options of node:zlib that we use. */
interface Options {
  readonly chunkSize?: number;
  readonly maxOutputLength?: number;
  readonly info?: boolean;
  readonly level?: number;
  readonly memLevel?: number;
  readonly params?: Record<number, number>;
  readonly pledgedSrcSize?: number;
}

type Done = (error: Error | null, result: Uint8Array) => void;

/** What node:zlib has for one coding. */
interface Native {
  readonly atOnceBytes: number;
  readonly compressSync: (body: Uint8Array, options: Options) => Uint8Array;
  readonly compress: (body: Uint8Array, options: Options, done: Done) => void;
  readonly decompressSync: (body: Uint8Array, options: Options) => Uint8Array;
  readonly decompress: (body: Uint8Array, options: Options, done: Done) => void;
  readonly compressOptions: (level: number, body: Uint8Array) => Options;
  readonly decompressOptions: (maxBytes: number) => Options;
}

/** With `info: true` zlib also returns the engine, which knows how much of the input it has used. */
interface Decompressed {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

const zlibOptions = (level: number): Options => ({ level, memLevel: 9 });
const noOptions = (): Options => ({});

const gzipNative = (zlib: Zlib): Native => ({
  atOnceBytes: gzipAtOnceBytes,
  compressSync: zlib.gzipSync,
  compress: zlib.gzip,
  decompressSync: zlib.gunzipSync,
  decompress: zlib.gunzip,
  compressOptions: zlibOptions,
  decompressOptions: noOptions,
});

const deflateNative = (zlib: Zlib): Native => ({
  ...gzipNative(zlib),
  compressSync: zlib.deflateSync,
  compress: zlib.deflate,
  decompressSync: zlib.inflateSync,
  decompress: zlib.inflate,
});

const brotliNative = (zlib: Zlib): Native => ({
  atOnceBytes: gzipAtOnceBytes,
  compressSync: zlib.brotliCompressSync,
  compress: zlib.brotliCompress,
  decompressSync: zlib.brotliDecompressSync,
  decompress: zlib.brotliDecompress,
  compressOptions: (level, body) => ({
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: level, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength },
  }),
  decompressOptions: noOptions,
});

const zstdNative = (zlib: Zlib): Native => ({
  atOnceBytes: zstdAtOnceBytes,
  compressSync: zlib.zstdCompressSync,
  compress: zlib.zstdCompress,
  decompressSync: zlib.zstdDecompressSync,
  decompress: zlib.zstdDecompress,
  compressOptions: (level, body) => ({
    params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
    // Written into the frame, so that the reader can take or refuse it at a glance.
    pledgedSrcSize: body.byteLength,
  }),
  // A frame may ask for a window of up to 128 MiB, which the decoder takes at once: 8 MiB must be granted (RFC 8878
  // 3.1.1.1.2), more only to who may also send more.
  decompressOptions: (maxBytes) => ({
    params: { [zlib.constants.ZSTD_d_windowLogMax]: clamp(Math.ceil(Math.log2(maxBytes)), 23, 27) },
  }),
});

export const codecs: CodecTable = {
  gzip: onFirstUse((zlib) => codec("gzip", gzipNative(zlib))),
  deflate: onFirstUse((zlib) => codec("deflate", deflateNative(zlib))),
  br: onFirstUse((zlib) => codec("br", brotliNative(zlib))),
  // Ask for the function, not for the version: other runtimes have a node:zlib of their own.
  zstd: onFirstUse((zlib) =>
    typeof zlib.zstdCompress === "function" ? codec("zstd", zstdNative(zlib)) : zstdFromPackage(loadZstdPackage),
  ),
};

function onFirstUse(make: (zlib: Zlib) => Codec): Codec {
  let made: Codec | undefined;
  const get = (): Codec => (made ??= make(process.getBuiltinModule("node:zlib")));
  return {
    compress: (body, level) => get().compress(body, level),
    decompress: (body, maxBytes, expectedBytes) => get().decompress(body, maxBytes, expectedBytes),
  };
}

function codec(coding: Coding, native: Native): Codec {
  return {
    async compress(body, level) {
      const options = {
        ...native.compressOptions(level, body),
        chunkSize: clamp(body.byteLength >> 2, 4096, maxChunkBytes),
      };
      if (body.byteLength <= native.atOnceBytes) return compact(native.compressSync(body, options));
      return compact(await new Promise((resolve, reject) => native.compress(body, options, settle(resolve, reject))));
    },

    async decompress(body, maxBytes, expectedBytes) {
      // zlib takes no limit below 1, nor above what a buffer can hold; what is left over is compared afterwards.
      const limit = clamp(maxBytes, 1, 0x7fffffff);
      const likelyBytes = expectedBytes ?? body.byteLength * 4;
      const options = {
        ...native.decompressOptions(limit),
        chunkSize: clamp(likelyBytes, 1024, maxChunkBytes),
        info: true,
      };
      const { buffer, engine } = await decompressed(native, body, options, likelyBytes, limit).catch(
        (error: unknown) => {
          throw translated(error, coding, maxBytes);
        },
      );
      if (engine.bytesWritten !== body.byteLength) throw damaged(coding, "there are other bytes after the end");
      if (buffer.byteLength > maxBytes) throw tooLarge(coding, maxBytes);
      return compact(buffer);
    },
  };
}

async function decompressed(
  native: Native,
  body: Uint8Array,
  options: Options,
  likelyBytes: number,
  limit: number,
): Promise<Decompressed> {
  if (likelyBytes <= decompressAtOnceBytes) {
    const maxOutputLength = Math.min(limit, decompressAtOnceBytes);
    try {
      return native.decompressSync(body, { ...options, maxOutputLength }) as unknown as Decompressed;
    } catch (error) {
      // More came out than the body let us expect: begin again, where it does not hold up the program.
      if (!isTooLarge(error) || maxOutputLength === limit) throw error;
    }
  }
  const result = await new Promise<Uint8Array>((resolve, reject) =>
    native.decompress(body, { ...options, maxOutputLength: limit }, settle(resolve, reject)),
  );
  return result as unknown as Decompressed;
}

function settle(resolve: (result: Uint8Array) => void, reject: (error: Error) => void): Done {
  return (error, result) => (error ? reject(error) : resolve(result));
}

function translated(error: unknown, coding: Coding, maxBytes: number): ExportError {
  if (isTooLarge(error)) return tooLarge(coding, maxBytes, error);
  return damaged(coding, error instanceof Error ? error.message : String(error), error);
}

function isTooLarge(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_BUFFER_TOO_LARGE" || code === "ZSTD_error_frameParameter_windowTooLarge";
}

/** A view without `Buffer`'s own ideas of `slice`; a copy if the memory behind it is mostly air, since it may be kept. */
function compact(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength * 2 < bytes.buffer.byteLength) return new Uint8Array(bytes);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

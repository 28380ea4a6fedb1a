import { ExportError } from "@otlpkit/core";
import { adler32, type Checksum, crc32 } from "./checksum.ts";
import { type Codec, type CodecTable, type Coding, damaged, tooLarge } from "./codec.ts";

// Deflate expands at most 1032 times, so one slice makes at most 4 MiB before we look at the limit again.
const sliceBytes = 4096;

/** Compresses with the platform's stream where there is one, decompresses with fflate, which is loaded on first use. */
export const codecs: CodecTable = {
  gzip: {
    compress: (body, level) => compressed("gzip", body, level),
    decompress: gunzip,
  },
  deflate: {
    compress: (body, level) => compressed("deflate", body, level),
    decompress: inflate,
  },
  br: missing("br"),
  zstd: missing("zstd"),
};

async function compressed(format: "gzip" | "deflate", body: Uint8Array, level: number): Promise<Uint8Array> {
  if (typeof CompressionStream === "function") {
    const stream = new Blob([body as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream(format));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
  return compressedByFflate(format, body, level);
}

/** For browsers before CompressionStream. */
export async function compressedByFflate(
  format: "gzip" | "deflate",
  body: Uint8Array,
  level: number,
): Promise<Uint8Array> {
  const { gzipSync, zlibSync } = await import("fflate");
  const options = { level: level as 1 };
  // mtime 0: no clock in the data, and equal bodies give equal bytes
  return format === "gzip" ? gzipSync(body, { ...options, mtime: 0 }) : zlibSync(body, options);
}

// fflate rather than DecompressionStream, which refuses joined members; the checksums, which fflate does not look at,
// are ours.
async function gunzip(body: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const { Gunzip } = await import("fflate");
  const output = bounded("gzip", maxBytes);
  let checksum = crc32();
  const endMember = (end: number): void => {
    const { crc, size } = gzipTrailer(body, end);
    if (checksum.value !== crc || checksum.bytes >>> 0 !== size) throw damaged("gzip", "the checksum does not match");
    checksum = crc32();
  };
  const stream = new Gunzip((chunk) => {
    output.push(chunk);
    checksum.update(chunk);
  });
  stream.onmember = endMember;
  pushAll("gzip", stream, body);
  endMember(body.byteLength);
  return output.joined();
}

async function inflate(body: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const { Unzlib } = await import("fflate");
  const output = bounded("deflate", maxBytes);
  const checksum: Checksum = adler32();
  const stream = new Unzlib((chunk) => {
    output.push(chunk);
    checksum.update(chunk);
  });
  pushAll("deflate", stream, body);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (body.byteLength < 6 || checksum.value !== view.getUint32(body.byteLength - 4)) {
    throw damaged("deflate", "the checksum does not match");
  }
  return output.joined();
}

function gzipTrailer(body: Uint8Array, end: number): { readonly crc: number; readonly size: number } {
  if (end < 8) throw damaged("gzip", "the body is cut short");
  const view = new DataView(body.buffer, body.byteOffset + end - 8, 8);
  return { crc: view.getUint32(0, true), size: view.getUint32(4, true) };
}

function pushAll(coding: Coding, stream: { push(chunk: Uint8Array, final?: boolean): void }, body: Uint8Array): void {
  try {
    for (let at = 0; at < body.byteLength; at += sliceBytes) {
      // A copy, because fflate keeps what it is given until the next push.
      stream.push(body.slice(at, at + sliceBytes), at + sliceBytes >= body.byteLength);
    }
  } catch (error) {
    if (ExportError.is(error)) throw error;
    throw damaged(coding, error instanceof Error ? error.message : String(error), error);
  }
}

interface BoundedOutput {
  push(chunk: Uint8Array): void;
  joined(): Uint8Array;
}

function bounded(coding: Coding, maxBytes: number): BoundedOutput {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw tooLarge(coding, maxBytes);
      chunks.push(chunk);
    },
    joined() {
      const whole = new Uint8Array(bytes);
      let at = 0;
      for (const chunk of chunks) {
        whole.set(chunk, at);
        at += chunk.byteLength;
      }
      return whole;
    },
  };
}

function missing(coding: Coding): Codec {
  const refuse = (): never => {
    throw new ExportError("unsupported", `cannot use ${coding}: browsers do not have it; choose gzip`);
  };
  return { compress: async () => refuse(), decompress: async () => refuse() };
}

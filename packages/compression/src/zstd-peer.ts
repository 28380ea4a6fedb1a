import { ExportError } from "@otlpkit/core";
import { type Codec, damaged, tooLarge } from "./codec.ts";
import { sizeBounds } from "./zstd-frame.ts";

/** What we call of `@mongodb-js/zstd`. */
export interface ZstdPackage {
  compress(data: Buffer, level?: number): Promise<Uint8Array>;
  decompress(data: Buffer): Promise<Uint8Array>;
}

// In a variable, so that neither bundlers nor tsc try to resolve an optional peer.
const packageName = "@mongodb-js/zstd";

/** Loads the optional peer; a test gives another. */
export async function loadZstdPackage(name: string = packageName): Promise<ZstdPackage> {
  try {
    const loaded: { default?: ZstdPackage } & ZstdPackage = await import(name);
    return loaded.default ?? loaded;
  } catch (cause) {
    const advice = `install ${packageName}, use Node 22.15 or newer, or choose gzip`;
    throw new ExportError("unsupported", `cannot use zstd: this runtime does not have it; ${advice}`, { cause });
  }
}

/**
 * zstd for a Node without it. The package cannot be told to stop, so the frames are measured first: what declares more
 * than `maxBytes` is refused, and so is what could become more than four times of it. (Four, because honest encoders
 * end blocks before they are full.) Version 1.2.2 of the package compresses at its own level, 3, whatever is asked.
 */
export function zstdFromPackage(load: () => Promise<ZstdPackage>): Codec {
  let loading: Promise<ZstdPackage> | undefined;
  const zstd = (): Promise<ZstdPackage> => (loading ??= load());
  return {
    compress: async (body, level) => plain(await (await zstd()).compress(bufferOf(body), level)),
    async decompress(body, maxBytes) {
      const decoder = await zstd();
      const bounds = sizeBounds(body);
      if (bounds.declaredBytes > maxBytes) throw tooLarge("zstd", maxBytes);
      if (bounds.maxBytes > 4 * Math.max(maxBytes, 128 * 1024)) throw tooLarge("zstd", maxBytes);
      const out = await decoder.decompress(bufferOf(body)).catch((cause: unknown) => {
        throw damaged("zstd", "the body is damaged", cause);
      });
      if (out.byteLength > maxBytes) throw tooLarge("zstd", maxBytes);
      return plain(out);
    },
  };
}

function bufferOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

import { type Compressor, ExportError } from "@otlpkit/core";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

const packed = promisify(gzip);
const unpacked = promisify(gunzip);

/** gzip as the cases need it, so that they do not depend on `@otlpkit/compression`. */
export function plainGzip(): Compressor {
  return {
    name: "gzip",
    compress: async (body) => new Uint8Array(await packed(body)),
    async decompress(body, maxBytes) {
      try {
        return new Uint8Array(await unpacked(body, { maxOutputLength: maxBytes }));
      } catch (error) {
        const tooLarge = error instanceof RangeError;
        const what = tooLarge
          ? `the body is more than ${maxBytes} bytes after decompression`
          : "the body is damaged gzip";
        throw new ExportError(tooLarge ? "too-large" : "invalid", what, { cause: error });
      }
    },
  };
}

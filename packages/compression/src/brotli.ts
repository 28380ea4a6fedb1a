import type { Compressor } from "@otlpkit/core";
import { codecs } from "#codec";
import { levelOf } from "./codec.ts";

/** Options of {@link brotli}. */
export interface BrotliOptions {
  /**
   * From 0 to 11, higher is smaller and slower. Default 3: 90 to 102 % of the ratio of gzip 6 at 1.7 times its
   * speed. From 5 on brotli is slower than gzip 6.
   */
  readonly quality?: number;
}

/**
 * brotli (RFC 7932), "br" on the wire. Not in browsers, where it is "unsupported".
 *
 * Streams of brotli cannot be joined: bytes after the end are "invalid".
 */
export function brotli(options: BrotliOptions = {}): Compressor {
  const quality = levelOf("brotli", options.quality, 3, 0, 11);
  return {
    name: "br",
    compress: (body) => codecs.br.compress(body, quality),
    decompress: (body, maxBytes) => codecs.br.decompress(body, maxBytes, undefined),
  };
}

import type { Compressor } from "@otlpkit/core";
import { codecs } from "#codec";
import { type LevelOptions, levelOf } from "./codec.ts";

/**
 * "deflate" as HTTP means it: deflated data inside the zlib format (RFC 9110 8.4.1.2), not bare. For peers that cannot
 * do better; gzip is known more widely and costs the same.
 *
 * `level` goes from 0 to 9; the default is 1, for the reason given at {@link gzip}. A browser chooses its own level.
 */
export function deflate(options: LevelOptions = {}): Compressor {
  const level = levelOf("deflate", options.level, 1, 0, 9);
  return {
    name: "deflate",
    compress: (body) => codecs.deflate.compress(body, level),
    decompress: (body, maxBytes) => codecs.deflate.decompress(body, maxBytes, undefined),
  };
}

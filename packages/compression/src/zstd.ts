import type { Compressor } from "@otlpkit/core";
import { codecs } from "#codec";
import { type LevelOptions, levelOf, tooLarge } from "./codec.ts";
import { contentSize } from "./zstd-frame.ts";

/**
 * Zstandard (RFC 8878): the cheapest coding here, for receivers that know it (the Collector does).
 *
 * `level` goes from 1 to 22; the default is 1: a fifth of the time of gzip 6 at 86 to 94 % of its ratio on spans.
 *
 * Needs a Node whose `node:zlib` has it (22.15, 23.8 and newer) or else the package `@mongodb-js/zstd`; without either,
 * and in browsers, both directions throw "unsupported". Reading: joined frames come out whole; other bytes after the
 * end are "invalid"; a first frame that declares too much is refused before any memory is taken.
 */
export function zstd(options: LevelOptions = {}): Compressor {
  const level = levelOf("zstd", options.level, 1, 1, 22);
  return {
    name: "zstd",
    compress: (body) => codecs.zstd.compress(body, level),
    async decompress(body, maxBytes) {
      const size = contentSize(body);
      if (size !== undefined && size > maxBytes) throw tooLarge("zstd", maxBytes);
      return codecs.zstd.decompress(body, maxBytes, size);
    },
  };
}

import type { Compressor } from "@otlpkit/core";
import { codecs } from "#codec";
import { damaged, type LevelOptions, levelOf, tooLarge } from "./codec.ts";

// Header (10 bytes), an empty block (2), CRC-32 and size (8).
const smallestMember = 20;

/**
 * gzip (RFC 1952), the one coding that every OTLP receiver must take (D-01).
 *
 * `level` goes from 0 to 9; the default is 1, because it costs 0.4 of the time of 6 and keeps 85 to 92 % of its ratio
 * on spans. A browser chooses its own level.
 *
 * Reading: joined members come out whole (RFC 1952 2.2). A checksum that does not match, a cut end, and bytes after the
 * end that are not another member are "invalid": who silently leaves out the rest acknowledges data that it dropped.
 * What says in its last four bytes that it is too large is refused before any memory is taken (D-02).
 */
export function gzip(options: LevelOptions = {}): Compressor {
  const level = levelOf("gzip", options.level, 1, 0, 9);
  return {
    name: "gzip",
    compress: (body) => codecs.gzip.compress(body, level),
    async decompress(body, maxBytes) {
      if (body[0] !== 0x1f || body[1] !== 0x8b) throw damaged("gzip", "the body does not begin as gzip does");
      if (body.byteLength < smallestMember) throw damaged("gzip", "the body is cut short");
      const size = credibleSize(body);
      if (size !== undefined && size > maxBytes) throw tooLarge("gzip", maxBytes);
      return codecs.gzip.decompress(body, maxBytes, size);
    },
  };
}

/**
 * ISIZE: how long the last member says it is, modulo 2^32. Deflate expands at most 1032 times, so a larger number is no
 * size but the middle of a body that was cut short, or something behind its end.
 */
function credibleSize(body: Uint8Array): number | undefined {
  const size = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(body.byteLength - 4, true);
  return size <= body.byteLength * 1032 ? size : undefined;
}

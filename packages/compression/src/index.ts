export { compress, type CompressOptions } from "./compress.ts";
export { gzip } from "./gzip.ts";
export { zstd } from "./zstd.ts";
export { brotli, type BrotliOptions } from "./brotli.ts";
export { deflate } from "./deflate.ts";
export type { LevelOptions } from "./codec.ts";

export { batch, type Batcher, batcher } from "./batch.ts";
export type { BatchAnswer, BatchOptions, WhenFull } from "./options.ts";
export { type BufferPool, type BufferPoolFigures, bufferPool, type BufferPoolOptions } from "./buffer-pool.ts";

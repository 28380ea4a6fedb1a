export { batch, type Batcher, batchWhole } from "./batch.ts";
export type { BatchAnswer, BatchOptions, SetTimer, WhenFull } from "./options.ts";
export { type BufferPool, type BufferPoolFigures, bufferPool, type BufferPoolOptions } from "./buffer-pool.ts";

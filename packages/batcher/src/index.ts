export { batch } from "./batch.ts";
export type { BatchAnswer, BatchOptions, SetTimer } from "./options.ts";

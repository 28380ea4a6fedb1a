// The entry `@otlpkit/otlp/batches`: requests put together and taken apart, and nothing of what is in them.
export { canMerge, merge } from "./merge.ts";
export { splitByBytes, type SplitByBytes, splitByItems } from "./split.ts";

export { staticRegistry } from "./static-registry.ts";
export type { WatchOptions } from "./watching.ts";
export type { OnState, SourceState } from "./source-state.ts";
export type { Time } from "./time.ts";

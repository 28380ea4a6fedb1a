export { openQueue } from "./open.ts";
export type { Books, ConsumerFacts, Queue, QueueFacts, Recovered } from "./queue.ts";
export type { DrainOptions, Durability, QueueOptions, SetTimer, WhenFull } from "./options.ts";
export type { Amount, DropReason, QueueEvent } from "./events.ts";
// For tools that look into a queue or work on one that is stopped.
export { type Flaw, inspect, type Inspection, type InspectOptions, type SegmentFacts } from "./inspect.ts";
export { repair, type Repair, type RepairOptions } from "./repair.ts";
export type { QueueRecord, RecordFacts, Refusal } from "./queue.ts";
// For tests that put another file system in place of the real one.
export type { Files, OpenFile } from "./files.ts";

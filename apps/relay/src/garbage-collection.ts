import { setFlagsFromString } from "node:v8";
import { memoryOfThisProcess } from "./memory.ts";

/** Below this much memory (2 GiB) the process had better be collected often than grow. */
const plentyBytes = 2 * 1024 ** 3;

/**
 * Lets V8 weigh buffers together with its heap where there is memory enough. Left alone it collects everything each time
 * 64 MB of buffers have come and gone; a relay that passes 130 KB requests through does little else, four collections out
 * of five for nothing. The price is some hundred MiB of buffers that wait to be collected. V8 knows the switch from Node
 * 24 on.
 */
export function weighBuffersWithHeap(availableBytes: number = memoryOfThisProcess()): void {
  const major = Number.parseInt(process.versions.v8, 10);
  if (major < 13 || availableBytes < plentyBytes) return;
  setFlagsFromString("--external-memory-accounted-in-global-limit");
}

import { setFlagsFromString } from "node:v8";
import { memoryOfThisProcess } from "./memory.ts";

/** Below this much memory (2 GiB) the process had better be collected often, and give back what is free, than grow. */
const plentyBytes = 2 * 1024 ** 3;
/** glibc learns nothing from blocks of 32 MiB and more. */
const blockBytes = 31 * 1024 ** 2;

/**
 * Tells V8 and the C library what a relay does with memory: buffers of a hundred KB come and go all the time. Both are made
 * for other programs; the price of telling them is some hundred MiB at most, so it is done where there is memory enough.
 */
export function prepareForBuffers(availableBytes: number = memoryOfThisProcess()): void {
  if (availableBytes < plentyBytes) return;
  weighBuffersWithHeap();
  keepFreedMemory();
}

/**
 * Left alone V8 collects everything each time 64 MB of buffers have come and gone, four collections out of five for nothing.
 * It knows the switch from Node 24 on.
 */
function weighBuffersWithHeap(): void {
  const major = Number.parseInt(process.versions.v8, 10);
  if (major >= 13) setFlagsFromString("--external-memory-accounted-in-global-limit");
}

/**
 * Left alone glibc gives memory back to the system as soon as 256 KiB are free at the end of its own, and fetches it again
 * for the next buffer, page by page: half the price of sealing one. How much it keeps follows from the largest block that a
 * program has freed; so it is shown a large one, of which no page is ever touched. Other C libraries do not mind. From Node
 * 22 on.
 */
function keepFreedMemory(): void {
  const { buffer } = Buffer.allocUnsafeSlow(blockBytes) as { buffer: { transfer?(byteLength: number): unknown } };
  buffer.transfer?.(0);
}

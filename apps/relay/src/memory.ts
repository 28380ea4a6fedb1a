import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

/** A single request of the protocol's recommended size must fit. */
const leastBytes = 64 * 1_048_576;
const mostBytes = 512 * 1_048_576;

/**
 * How many bytes of requests may be under way: a quarter of the memory that this process may use (the limit of its
 * container, or the machine's), from 64 to 512 MiB. A quarter, because a request may exist twice for a moment (as it
 * came and merged, or plain and compressed) and the rest of the process needs room as well.
 */
export function defaultBudgetBytes(
  availableBytes: number = Math.min(memoryOfThisProcess(), 4 * getHeapStatistics().heap_size_limit),
): number {
  return Math.max(leastBytes, Math.min(mostBytes, Math.floor(availableBytes / 4)));
}

/** The limit of the container, or the machine's memory. */
export function memoryOfThisProcess(): number {
  // Without a limit the system says 0 or something absurd.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

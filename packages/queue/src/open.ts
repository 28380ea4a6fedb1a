import type { Queue } from "./queue.ts";
import type { QueueOptions } from "./options.ts";

/**
 * Opens the queue in a folder, or makes one. What is damaged is set aside and reported, so a start never needs a person.
 *
 * @throws ExportError "unavailable" when another process has it, or the folder can't be read or written
 */
export async function openQueue(options: QueueOptions): Promise<Queue> {
  throw new Error(`not there yet: ${options.folder}`);
}

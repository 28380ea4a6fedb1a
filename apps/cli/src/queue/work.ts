import { repair, type Repair } from "@otlpkit/queue";
import { counted, type Terminal } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";
import type { Words } from "./words.ts";

/** What changes a queue; it must be stopped. */
export const work: Readonly<Record<string, (queue: Repair, words: Words, terminal: Terminal) => Promise<number>>> = {
  async repair(queue, { json }, terminal) {
    const found = await queue.mend();
    if (json) terminal.print(JSON.stringify(found));
    else if (found.damagedPlaces + found.tornBytes === 0) terminal.print("nothing was wrong");
    else {
      terminal.print(
        `${counted(found.damagedPlaces, "places")} damaged and kept aside; ${counted(found.tornBytes, "bytes")} of unfinished writes cut off`,
      );
    }
    return 0;
  },
  async rotate(queue, { encryption, json }, terminal) {
    if (!encryption)
      throw new UsageError("say which keys: the new one first, --queue-key ID=file:PATH, then the old ones");
    const { rewrapped, failed } = await queue.rewrap();
    if (json) terminal.print(JSON.stringify({ rewrapped, failed }));
    else terminal.print(`${counted(rewrapped, "segments")} now under the new key, ${failed.length} not`);
    for (const name of failed) terminal.note(`${name} was not: none of the keys opens it`);
    return failed.length > 0 ? 1 : 0;
  },
  async remove(queue, { sequences, deadLetters, json }, terminal) {
    if (sequences.length === 0)
      throw new UsageError("say which records: --record N; otlp queue peek shows the numbers");
    const removed = await (deadLetters ? queue.removeDeadLetters(sequences) : queue.remove(sequences));
    terminal.print(json ? JSON.stringify({ removed }) : `${counted(removed, "records")} removed`);
    return removed === sequences.length ? 0 : 1;
  },
  async forget(queue, { consumer, consumerNamed, json }, terminal) {
    if (!consumerNamed || consumer === undefined) throw new UsageError("say which consumer: --consumer NAME");
    await queue.forget(consumer);
    terminal.print(json ? JSON.stringify({ forgotten: consumer }) : `${consumer} is forgotten; nothing is kept for it`);
    return 0;
  },
};

/** Opens the stopped queue, does the work, and lets go of it. */
export async function doWork(words: Words, terminal: Terminal): Promise<number> {
  const queue = await repair(words.folder, words.encryption ? { encryption: words.encryption } : {});
  try {
    return (await work[words.action]?.(queue, words, terminal)) ?? 2;
  } finally {
    await queue.close();
  }
}

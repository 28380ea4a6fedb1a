import { inspect, type Inspection, type QueueRecord, type RecordFacts } from "@otlpkit/queue";
import { ExportError } from "@otlpkit/core";
import { UsageError } from "../usage-error.ts";
import type { Words } from "./words.ts";

/** What the command line says is to be looked at: the queue, or its dead letters. */
export function inspectionOf({ folder, encryption, deadLetters }: Words): Inspection {
  const queue = inspect(folder, encryption ? { encryption } : {});
  return deadLetters ? queue.deadLetters() : queue;
}

/**
 * The records that the command line asks for, oldest first. Dead letters are all of them; of a queue, those that the
 * consumer has not got.
 *
 * @throws UsageError when the consumer that was named is not there
 */
export async function* selected(look: Inspection, words: Words): AsyncGenerator<RecordFacts> {
  let left = words.limit;
  for await (const record of await everything(look, words)) {
    if (left <= 0) return;
    if (words.signal !== undefined && record.signal !== words.signal) continue;
    if (words.tenant !== undefined && (record.tenant ?? "") !== words.tenant) continue;
    if (words.sequences.length > 0 && !words.sequences.includes(record.sequence)) continue;
    left--;
    yield record;
  }
}

async function everything(look: Inspection, words: Words): Promise<AsyncIterable<RecordFacts>> {
  if (words.deadLetters || words.consumer === undefined) return look.records();
  const consumers = [...(await look.consumers()).keys()];
  if (consumers.includes(words.consumer)) return look.waiting(words.consumer);
  if (words.consumerNamed) {
    throw new UsageError(`the queue has no consumer "${words.consumer}"; it has ${consumers.join(", ") || "none"}`);
  }
  if (consumers.length === 0) return look.records();
  if (consumers.length === 1) return look.waiting(consumers[0]);
  throw new UsageError(`the queue has several consumers, say --consumer and one of ${consumers.join(", ")}; or --all`);
}

/** A record with its batch, or why it can't be had. Undefined when it went away meanwhile, as those of live queues do. */
export async function readOr(look: Inspection, sequence: number): Promise<QueueRecord | ExportError | undefined> {
  try {
    return await look.read(sequence);
  } catch (error) {
    if (ExportError.is(error)) return error;
    throw error;
  }
}

import { type Batch, ExportError, type Sender } from "@otlpkit/core";
import { type Repair, repair } from "@otlpkit/queue";
import { retry } from "@otlpkit/retry";
import { connect, destination, type Destination } from "../destination.ts";
import { counted, grouped, type Terminal } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";
import { plainBatch } from "./plain-batch.ts";
import { inspectionOf, readOr, selected } from "./selection.ts";
import { batchesOf } from "./shown.ts";
import type { Words } from "./words.ts";

interface Result {
  batches: number;
  accepted: number;
  rejected: number;
  failed: number;
  removed: number;
}

/** `otlp queue replay`: sends what is there, oldest first, and with --remove takes out what was accepted. */
export async function replay(
  words: Words,
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  stop: AbortSignal | undefined,
): Promise<number> {
  if (words.destination.endpoint === undefined) throw new UsageError("say where to: --to http://collector:4318");
  const to = destination(words.destination, env);
  // Before anything is sent: a queue that is in use is refused here.
  const work = words.remove
    ? await repair(words.folder, words.encryption ? { encryption: words.encryption } : {})
    : undefined;
  try {
    const result = await sendAll(words, to, terminal, stop, work);
    terminal.progress("");
    const { batches, accepted, rejected, failed, removed } = result;
    if (words.json) terminal.print(JSON.stringify(result));
    else {
      terminal.print(
        `${batchesOf(batches)} replayed: ${grouped(accepted)} items accepted, ${grouped(rejected)} rejected, ${grouped(failed)} not delivered${words.remove ? `; ${grouped(removed)} taken out of the queue` : ""}`,
      );
    }
    return rejected + failed > 0 ? 1 : 0;
  } finally {
    await work?.close();
  }
}

async function sendAll(
  words: Words,
  to: Destination,
  terminal: Terminal,
  stop: AbortSignal | undefined,
  work: Repair | undefined,
): Promise<Result> {
  const result: Result = { batches: 0, accepted: 0, rejected: 0, failed: 0, removed: 0 };
  const look = inspectionOf(words);
  const sender = connect(to, { stages: [retry()] });
  let done: number[] = [];
  const takeOut = async (): Promise<void> => {
    if (!work || done.length === 0) return;
    result.removed += await (words.deadLetters ? work.removeDeadLetters(done) : work.remove(done));
    done = [];
  };
  try {
    for await (const { sequence, items } of selected(look, words)) {
      if (stop?.aborted) {
        terminal.note("stopped; the rest stays where it is");
        break;
      }
      const record = await readOr(look, sequence);
      if (record === undefined) continue;
      terminal.progress(`replaying record ${sequence} to ${to.url} (${grouped(result.batches)} so far) ...`);
      result.batches++;
      try {
        if (ExportError.is(record)) throw record;
        const rejected = await sendOne(sender, to, record.batch, stop);
        result.accepted += items - rejected;
        result.rejected += rejected;
        done.push(sequence);
        if (done.length >= 100) await takeOut();
      } catch (error) {
        if (!ExportError.is(error)) throw error;
        result.failed += items;
        terminal.note(`record ${sequence}, ${counted(items, "items")} not delivered: ${error.message}`);
        if (error.retryable) {
          terminal.note("the destination does not answer: stopped; the rest stays where it is");
          break;
        }
      }
    }
  } finally {
    await sender.close();
    await takeOut();
  }
  return result;
}

/** Sends a batch as it stands, or unpacked where the destination is to get it otherwise. Returns the items rejected. */
async function sendOne(sender: Sender, to: Destination, batch: Batch, stop: AbortSignal | undefined): Promise<number> {
  const otherwise = to.protocol === "http/json" || to.compression !== "none" || batch.format === "json";
  const sent = otherwise ? await plainBatch(batch) : batch;
  const { rejectedItems } = await sender.send(sent, {
    deadline: performance.now() + to.timeoutMs,
    ...(stop && { signal: stop }),
  });
  return rejectedItems;
}

import { ExportError } from "@otlpkit/core";
import type { Inspection, RecordFacts } from "@otlpkit/queue";
import { counted, grouped, type Terminal } from "../terminal.ts";
import { inspectionOf } from "./selection.ts";
import { batchesOf, harmless, shownAge, shownBytes, table } from "./shown.ts";
import type { Words } from "./words.ts";

/** What waits for one consumer, of one tenant and signal. */
interface Share {
  readonly consumer: string;
  readonly tenant: string | undefined;
  readonly signal: string;
  batches: number;
  items: number;
  bytes: number;
  oldestAtMs: number;
}

/** `otlp queue list`: what there is, by consumer, tenant and signal, and by segment. */
export async function list(words: Words, terminal: Terminal): Promise<number> {
  const look = inspectionOf(words);
  const shares = new Map<string, Share>();
  for (const [consumer, records] of await views(look, words)) {
    for await (const record of records) add(shares, consumer, record);
  }
  const segments = await look.segments();
  const keys = await look.keys();
  const letters = words.deadLetters ? undefined : await total(look.deadLetters());
  const all = [...shares.values()];

  if (words.json) {
    terminal.print(
      JSON.stringify({
        waiting: all,
        segments,
        keys: Object.fromEntries(keys),
        ...(letters && { deadLetters: letters }),
      }),
    );
    return 0;
  }
  if (segments.length === 0) terminal.print("there is nothing in this queue");
  if (all.length > 0) {
    const rows = all.map((share) => [
      harmless(share.consumer),
      share.tenant === undefined ? "-" : harmless(share.tenant),
      share.signal,
      grouped(share.batches),
      grouped(share.items),
      shownBytes(share.bytes),
      shownAge(Date.now() - share.oldestAtMs),
    ]);
    const who = words.deadLetters ? "refused by" : "waiting for";
    for (const line of table([who, "tenant", "signal", "batches", "items", "size", "oldest"], rows, [3, 4, 5, 6])) {
      terminal.print(line);
    }
    terminal.print();
  } else if (segments.length > 0) terminal.print("nothing is waiting\n");
  if (segments.length > 0) {
    const rows = segments.map(({ name, batches, items, bytes, madeAtMs, keyId, strayBytes }) => [
      name,
      grouped(batches),
      grouped(items),
      shownBytes(bytes),
      shownAge(Date.now() - madeAtMs),
      keyId ?? "-",
      strayBytes > 0 ? `${counted(strayBytes, "bytes")} that are no record` : "",
    ]);
    const heading = ["segment", "batches", "items", "size", "age", "key", ""];
    for (const line of table(heading, rows, [1, 2, 3, 4])) terminal.print(line);
  }
  if (letters && letters.batches > 0) {
    terminal.print(
      `\n${batchesOf(letters.batches)} with ${counted(letters.items, "items")} refused for good: otlp queue peek ${words.folder} --dead-letters`,
    );
  }
  return 0;
}

/** Each consumer with what it waits for. Without any, what is there waits for the first one to come. */
async function views(
  look: Inspection,
  words: Words,
): Promise<[consumer: string, records: AsyncIterable<RecordFacts>][]> {
  if (words.deadLetters) return [["default", look.records()]];
  const consumers = [...(await look.consumers()).keys()];
  if (consumers.length === 0) return [["nobody yet", look.records()]];
  return consumers
    .filter((consumer) => !words.consumerNamed || consumer === words.consumer)
    .map((consumer) => [consumer, look.waiting(consumer)]);
}

function add(shares: Map<string, Share>, consumer: string, record: RecordFacts): void {
  const { tenant, signal, items, bytes, acceptedAtMs } = record;
  const name = JSON.stringify([consumer, tenant ?? null, signal]);
  const share = shares.get(name) ?? { consumer, tenant, signal, batches: 0, items: 0, bytes: 0, oldestAtMs: Infinity };
  share.batches++;
  share.items += items;
  share.bytes += bytes;
  share.oldestAtMs = Math.min(share.oldestAtMs, acceptedAtMs);
  shares.set(name, share);
}

async function total(look: Inspection): Promise<{ batches: number; items: number }> {
  const sum = { batches: 0, items: 0 };
  try {
    for (const { batches, items } of await look.segments()) {
      sum.batches += batches;
      sum.items += items;
    }
  } catch (error) {
    if (!ExportError.is(error)) throw error;
  }
  return sum;
}

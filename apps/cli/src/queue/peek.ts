import { ExportError } from "@otlpkit/core";
import { decode, protobufToJson } from "@otlpkit/otlp";
import type { QueueRecord } from "@otlpkit/queue";
import { counted, type Terminal } from "../terminal.ts";
import { itemLines } from "./item-lines.ts";
import { plainBatch } from "./plain-batch.ts";
import { inspectionOf, readOr, selected } from "./selection.ts";
import { harmless, shownAge, shownBytes } from "./shown.ts";
import type { Words } from "./words.ts";

const defaultRecords = 10;
const itemsShown = 5;

/** `otlp queue peek`: records with what is in them, decoded. */
export async function peek(words: Words, terminal: Terminal): Promise<number> {
  const look = inspectionOf(words);
  const limit = Number.isFinite(words.limit) ? words.limit : defaultRecords;
  let shown = 0;
  let unreadable = 0;
  for await (const { sequence } of selected(look, { ...words, limit: limit + 1 })) {
    if (shown + unreadable === limit) {
      if (!words.json) terminal.note(`there are more than ${limit}; --limit N shows more`);
      break;
    }
    const record = await readOr(look, sequence);
    if (record === undefined) continue;
    try {
      if (ExportError.is(record)) throw record;
      for (const line of words.json ? [await jsonOf(record)] : await linesOf(record)) terminal.print(line);
      shown++;
    } catch (error) {
      if (!ExportError.is(error)) throw error;
      unreadable++;
      terminal.note(`record ${sequence}: ${error.message}`);
    }
  }
  if (shown + unreadable === 0 && !words.json) terminal.print("no record is like that");
  return unreadable > 0 ? 1 : 0;
}

async function linesOf(record: QueueRecord): Promise<string[]> {
  const { sequence, signal, tenant, items, bytes, acceptedAtMs, encrypted, batch, refusal } = record;
  const facts = [
    `#${sequence}`,
    signal,
    ...(tenant === undefined ? [] : [`tenant ${harmless(tenant)}`]),
    counted(items, "items"),
    `${shownBytes(bytes)}${batch.encoding === "identity" ? "" : ` ${batch.encoding}`}${encrypted ? " encrypted" : ""}`,
    `${shownAge(Date.now() - acceptedAtMs)} ago`,
  ];
  const lines = [facts.join("  ")];
  for (const [name, value] of Object.entries(batch.headers)) lines.push(`    ${harmless(`${name}: ${value}`)}`);
  if (refusal) {
    const { consumer, code, message, attempts } = refusal;
    lines.push(
      `    refused for good by ${harmless(consumer)} (${code}, ${counted(attempts, "attempts")}): ${harmless(message)}`,
    );
  }
  const found = itemLines(signal, decode(signal, (await plainBatch(batch)).body));
  for (const line of found.slice(0, itemsShown)) lines.push(`    ${harmless(line)}`);
  if (found.length > itemsShown) lines.push(`    and ${counted(found.length - itemsShown, "items")} more`);
  return lines;
}

async function jsonOf(record: QueueRecord): Promise<string> {
  const { batch, ...facts } = record;
  const { body } = await plainBatch(batch);
  const request: unknown = JSON.parse(new TextDecoder().decode(protobufToJson(batch.signal, body)));
  return JSON.stringify({ ...facts, encoding: batch.encoding, headers: batch.headers, request });
}

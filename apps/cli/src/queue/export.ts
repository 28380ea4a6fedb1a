import { ExportError } from "@otlpkit/core";
import { protobufToJson } from "@otlpkit/otlp";
import { counted, type Terminal } from "../terminal.ts";
import { plainBatch } from "./plain-batch.ts";
import { inspectionOf, readOr, selected } from "./selection.ts";
import type { Words } from "./words.ts";

/** `otlp queue export`: OTLP/JSON, one request a line, for `otlp send` and whatever else reads files. */
export async function exportLines(words: Words, terminal: Terminal): Promise<number> {
  const look = inspectionOf(words);
  const text = new TextDecoder();
  let written = 0;
  let leftOut = 0;
  for await (const { sequence } of selected(look, words)) {
    const record = await readOr(look, sequence);
    if (record === undefined) continue;
    try {
      if (ExportError.is(record)) throw record;
      const { signal, body } = await plainBatch(record.batch);
      terminal.print(text.decode(protobufToJson(signal, body)));
      written++;
    } catch (error) {
      if (!ExportError.is(error)) throw error;
      leftOut++;
      terminal.note(`record ${sequence} is left out: ${error.message}`);
    }
  }
  terminal.note(`${counted(written, "requests")} written${leftOut > 0 ? `, ${leftOut} left out` : ""}`);
  return leftOut > 0 ? 1 : 0;
}

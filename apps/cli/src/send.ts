import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Batch, ExportError, type Signal, signalNames, signals } from "@otlpkit/core";
import { splitByBytes } from "@otlpkit/otlp";
import { retry } from "@otlpkit/retry";
import { connect, destination, destinationHelp, destinationOptions, shownUrl } from "./destination.ts";
import { readInput } from "./input.ts";
import { counted, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export const sendHelp = `Sends what is in a file: an OTLP/JSON document, JSON lines, or a binary request.

usage: otlp send FILE... [OPTION...]       "-" reads standard input

${destinationHelp}
      --signal NAME        traces, metrics, logs or profiles; needed for binary data whose name does not tell
      --max-bytes N        larger requests are split (default 4194304, what many servers take)
      --json               the result as one line of JSON

example: otlp send data/traces.jsonl --endpoint http://collector:4317`;

interface Result {
  requests: number;
  accepted: number;
  rejected: number;
  failed: number;
}

/** `otlp send`. Resolves with the exit code: 0 when everything that the files hold was accepted. */
export async function send(argv: readonly string[], terminal: Terminal, env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...destinationOptions,
      signal: { type: "string" },
      "max-bytes": { type: "string" },
      json: { type: "boolean" },
    },
  });
  if (positionals.length === 0) throw new UsageError("say which file to send; - is standard input");
  const signal = knownSignal(values.signal);
  const maxBytes = Number(values["max-bytes"] ?? 4 * 1024 * 1024);
  if (!Number.isInteger(maxBytes) || maxBytes < 1) throw new UsageError("--max-bytes takes a whole number of bytes");
  const to = destination(values, env);

  const batches: Batch[] = [];
  let skippedLines = 0;
  for (const file of positionals) {
    const input = readInput(await contents(file), file, signal);
    for (const warning of input.warnings) terminal.note(`warning: ${warning}`);
    skippedLines += input.skipped;
    batches.push(...input.batches);
  }

  const sender = connect(to, { stages: [retry()] });
  const result: Result = { requests: 0, accepted: 0, rejected: 0, failed: 0 };
  try {
    for (const batch of batches) {
      const { batches: pieces, tooLarge } = splitByBytes(batch, maxBytes);
      for (const piece of [...pieces, ...tooLarge]) await sendOne(piece);
    }
  } finally {
    await sender.close();
  }

  async function sendOne(batch: Batch): Promise<void> {
    const { items } = signals[batch.signal];
    result.requests++;
    terminal.progress(`sending request ${result.requests} to ${shownUrl(to, batch.signal)} ...`);
    try {
      const ack = await sender.send(batch, { deadline: performance.now() + to.timeoutMs });
      result.accepted += batch.items - ack.rejectedItems;
      result.rejected += ack.rejectedItems;
      if (ack.message) terminal.note(`the server says about ${counted(batch.items, items)}: ${ack.message}`);
    } catch (error) {
      result.failed += batch.items;
      terminal.note(`${counted(batch.items, items)} not delivered: ${ExportError.from(error).message}`);
    }
  }

  terminal.progress("");
  if (values.json) terminal.print(JSON.stringify(result));
  else {
    const { requests, accepted, rejected, failed } = result;
    terminal.print(
      `${counted(requests, "requests")}: ${accepted} items accepted, ${rejected} rejected, ${failed} not delivered`,
    );
  }
  return result.rejected + result.failed + skippedLines > 0 ? 1 : 0;
}

/** @throws UsageError for anything but the name of a signal */
export function knownSignal(text: string | undefined): Signal | undefined {
  if (text === undefined || (signalNames as readonly string[]).includes(text)) return text as Signal | undefined;
  throw new UsageError(`--signal is one of ${signalNames.join(", ")}, not "${text}"`);
}

async function contents(file: string): Promise<Uint8Array> {
  if (file === "-") {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`cannot read ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}

import { parseArgs } from "node:util";
import { type Batch, ExportError, type Sender, signals } from "@otlpkit/core";
import { seeded } from "@otlpkit/testkit";
import { connect, destination, destinationHelp, destinationOptions, shownUrl } from "./destination.ts";
import { durationMs } from "./durations.ts";
import { knownSignal } from "./send.ts";
import { type Tally, type TallyBook, tallyBook } from "./tally.ts";
import { counted, grouped, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export const generateHelp = `Makes telemetry and sends it at a rate, then says what became of it.

usage: otlp generate [OPTION...]

${destinationHelp}
      --signal NAME        traces, metrics or logs (default traces)
      --rate N             items a second; 0 is as fast as the far side takes them (default 1000)
      --duration DURATION  how long (default 10s)
      --batch N            items a request (default 100)
      --connections N      connections (default 1)
      --in-flight N        requests under way at one time (default 8 a connection)
      --seed N             the same seed makes the same items (default: the time)
      --json               the result as one line of JSON

example: otlp generate --endpoint http://localhost:4317 --rate 50000 --duration 30s --connections 2`;

/** What a load run is made of. */
export interface Load {
  readonly rate: number;
  readonly durationMs: number;
  readonly inFlight: number;
  readonly timeoutMs: number;
  /** Makes the next request. */
  next(): Batch;
  readonly signal?: AbortSignal;
  onProgress?(tally: Tally, elapsedMs: number): void;
}

/** `otlp generate`. Resolves with the exit code: 0 when everything that was sent was accepted. */
export async function generate(
  argv: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  stop?: AbortSignal,
): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...destinationOptions,
      signal: { type: "string" },
      rate: { type: "string" },
      duration: { type: "string" },
      batch: { type: "string" },
      connections: { type: "string" },
      "in-flight": { type: "string" },
      seed: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const signal = knownSignal(values.signal ?? "traces") ?? "traces";
  if (signal === "profiles") throw new UsageError("--signal is traces, metrics or logs; profiles are not made");
  const rate = whole(values.rate ?? "1000", "rate", 0);
  const items = whole(values.batch ?? "100", "batch", 1);
  const connections = whole(values.connections ?? "1", "connections", 1);
  const inFlight = whole(values["in-flight"] ?? String(8 * connections), "in-flight", 1);
  const seed = whole(values.seed ?? String(Date.now() % 2 ** 31), "seed", 0);
  const to = destination(values, env);
  const forMs = durationMs(values.duration ?? "10s", "duration");

  const source = seeded(seed);
  const sender = connect(to, { connections });
  const words = signals[signal].items;
  terminal.note(
    `sending ${rate === 0 ? "as many" : grouped(rate)} ${words}${rate === 0 ? " as it takes" : "/s"} to ${shownUrl(to, signal)} for ${forMs / 1000} s (seed ${seed})`,
  );
  let tally: Tally;
  try {
    tally = await runLoad(sender, {
      rate,
      durationMs: forMs,
      inFlight,
      timeoutMs: to.timeoutMs,
      next: () => source[signal]({ items }),
      ...(stop && { signal: stop }),
      onProgress: (now, elapsedMs) => terminal.progress(progressLine(now, elapsedMs, forMs, words)),
    });
  } finally {
    await sender.close();
  }
  terminal.progress("");
  terminal.print(values.json ? JSON.stringify(summary(tally, seed)) : report(tally, words));
  return tally.accepted === tally.sent ? 0 : 1;
}

/** Sends until the time is over, waits for the last answers, and says what became of everything. */
async function runLoad(sender: Sender, load: Load): Promise<Tally> {
  const book = tallyBook();
  const start = performance.now();
  const end = start + load.durationMs;
  let promised = 0;
  const goesOn = (): boolean => performance.now() < end && load.signal?.aborted !== true;
  const worker = async (): Promise<void> => {
    while (goesOn()) {
      // Each request has its place in the schedule; whoever takes the next place waits for it.
      const place = load.rate > 0 ? start + (promised * 1000) / load.rate : start;
      if (place >= end) return;
      const batch = load.next();
      promised += batch.items;
      const waitMs = place - performance.now();
      if (waitMs > 1) await pause(waitMs, load.signal);
      if (load.signal?.aborted) return;
      await sendOne(sender, batch, load.timeoutMs, book);
    }
  };
  const ticker = setInterval(() => load.onProgress?.(book, performance.now() - start), 200);
  try {
    await Promise.all(Array.from({ length: load.inFlight }, worker));
  } finally {
    clearInterval(ticker);
  }
  return book;
}

async function sendOne(sender: Sender, batch: Batch, timeoutMs: number, book: TallyBook): Promise<void> {
  const began = performance.now();
  try {
    const { rejectedItems } = await sender.send(batch, { deadline: began + timeoutMs });
    book.count({ accepted: batch.items - rejectedItems, rejected: rejectedItems, ms: performance.now() - began });
  } catch (error) {
    const { code } = ExportError.from(error);
    const refused = code === "invalid" || code === "too-large" || code === "rejected";
    book.count({ [refused ? "rejected" : "lost"]: batch.items, error: code, ms: performance.now() - began });
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}

function progressLine(tally: Tally, elapsedMs: number, forMs: number, words: string): string {
  const share = Math.min(1, elapsedMs / forMs);
  const bar = "█".repeat(Math.round(share * 20)).padEnd(20, "░");
  const rate = grouped((tally.accepted * 1000) / elapsedMs);
  const trouble = tally.rejected + tally.lost > 0 ? `  rejected ${tally.rejected}  lost ${tally.lost}` : "";
  return `${bar} ${(elapsedMs / 1000).toFixed(0)}s  ${grouped(tally.accepted)} ${words}  ${rate}/s  p99 ${tally.latencyMs(0.99).toFixed(0)} ms${trouble}`;
}

function report(tally: Tally, words: string): string {
  const line = (name: string, count: number): string => `${name.padEnd(9)} ${grouped(count).padStart(12)} ${words}`;
  const errors = Object.entries(tally.errors).map(([code, count]) => `${code} ${count} times`);
  return [
    line("sent", tally.sent),
    line("accepted", tally.accepted),
    line("rejected", tally.rejected),
    line("lost", tally.lost),
    `latency   p50 ${tally.latencyMs(0.5).toFixed(1)} ms, p99 ${tally.latencyMs(0.99).toFixed(1)} ms, over ${counted(tally.requests, "requests")}`,
    ...(errors.length > 0 ? [`errors    ${errors.join(", ")}`] : []),
  ].join("\n");
}

function summary(tally: Tally, seed: number): object {
  const { sent, accepted, rejected, lost, requests, errors } = tally;
  return {
    sent,
    accepted,
    rejected,
    lost,
    requests,
    errors,
    p50Ms: tally.latencyMs(0.5),
    p99Ms: tally.latencyMs(0.99),
    seed,
  };
}

function whole(text: string, option: string, least: number): number {
  const number = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(number) || number < least) {
    throw new UsageError(`--${option} takes a whole number from ${least}, not "${text}"`);
  }
  return number;
}

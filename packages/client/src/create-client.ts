import {
  type Ack,
  type Batch,
  byteBudget,
  ExportError,
  type Sender,
  type SendOptions,
  type Signal,
  signalNames,
} from "@otlpkit/core";
import { logEncoder, metricEncoder, spanEncoder } from "@otlpkit/otlp/record";
import { platform } from "#platform";
import { events } from "./events.ts";
import { type Lane, lane } from "./lane.ts";
import { type Ledger, ledger, notRecorded } from "./ledger.ts";
import type { ClientOptions } from "./options.ts";
import type { FlushOptions, FlushReport, OtlpClient } from "./otlp-client.ts";
import { recordedLog } from "./plain/plain-log.ts";
import { recordedMetric } from "./plain/plain-metric.ts";
import { recordedSpan } from "./plain/plain-span.ts";
import { settleOptions } from "./settings/settle-options.ts";
import { stacks } from "./stacks.ts";
import { underway } from "./underway.ts";
import { untraced } from "./untraced.ts";
import { warner } from "./warner.ts";

// Browsers let 64 KiB outlive a page, headers included.
const maxLeavingBytes = 60 * 1024;

/**
 * Makes a client. Opens no connection until there is something to send.
 *
 * ```ts
 * const client = createClient({ endpoint: "http://localhost:4318", resource: { "service.name": "shop" } });
 * client.recordLog({ severity: "info", body: "open for business" });
 * await client.close();
 * ```
 *
 * @throws RangeError for an option that makes no sense, ExportError for an endpoint, header or certificate that cannot be
 * used. What makes no sense in the environment is told to `onWarning` instead.
 */
export function createClient(options: ClientOptions = {}): OtlpClient {
  const { now = () => performance.now(), setTimer = platform.later, flushAtExit = true } = options;
  const onWarning = warner(options.onWarning);
  const settings = settleOptions(options, onWarning);
  const told = events();
  const ledgers = Object.fromEntries(signalNames.map((signal) => [signal, ledger(signal, told)])) as Record<
    Signal,
    Ledger
  >;
  const budget = byteBudget(settings.maxBufferBytes);
  const ways = stacks({
    options,
    settings,
    budget,
    events: told,
    now,
    setTimer,
    hurried: () => hurried,
    leaving: byteBudget(maxLeavingBytes),
    onWarning,
    onAnswer: ({ batch, result, sent }) => ledgers[batch.signal].settle(batch.items, result, sent),
  });
  const sends = underway(setTimer);
  const abort = new AbortController();
  const detached = platform.detached();
  let closing: Promise<FlushReport> | undefined;
  let overdue = false;
  let hurried = false;

  const spans = openLane("traces", spanEncoder());
  const logs = openLane("logs", logEncoder());
  const metrics = openLane("metrics", metricEncoder());
  const lanes: readonly Lane<never>[] = [spans, logs, metrics];

  function openLane<Item>(signal: Signal, encoder: Parameters<typeof lane<Item>>[0]): Lane<Item> {
    return lane(encoder, { signal, settings: settings.signals[signal], ledger: ledgers[signal], setTimer, hand });
  }

  /** Puts a recorded chunk on its way. Nobody waits for it, so its time is that of the buffer. */
  function hand(batch: Batch): void {
    ledgers[batch.signal].accept(batch.items);
    const deadline = now() + settings.signals[batch.signal].giveUpAfterMs;
    void carry(batch, ways[batch.signal], deadline < Infinity ? { deadline } : {}).catch(() => {
      // The ledger has it, and has told who listens.
    });
  }

  /** What was told to the far side of the batch stage is settled there; here it only counts as under way. */
  function carry(batch: Batch, way: Sender, sendOptions: SendOptions): Promise<Ack> {
    const signal =
      sendOptions.signal === undefined ? abort.signal : AbortSignal.any([sendOptions.signal, abort.signal]);
    const answer = detached(() => untraced(() => way.send(batch, { ...sendOptions, signal })));
    sends.add(batch.items, answer);
    return answer;
  }

  function record<Item>(to: Lane<Item>, signal: Signal, item: () => Item): void {
    if (closing !== undefined || settings.disabled) return refuse(signal);
    let recorded: Item;
    try {
      recorded = item();
    } catch (error) {
      return ledgers[signal].refuse("invalid", ExportError.from(error, `cannot record an item of ${signal}`));
    }
    to.record(recorded);
  }

  function refuse(signal: Signal): void {
    if (!settings.disabled) ledgers[signal].refuse("closed", notRecorded(signal, "closed", "the client is closed"));
  }

  async function send(batch: Batch, sendOptions: SendOptions = {}): Promise<Ack> {
    if (closing !== undefined) throw new ExportError("closed", `cannot send ${batch.signal}: the client is closed`);
    const { timeoutMs } = settings.signals[batch.signal];
    const deadline = sendOptions.deadline ?? now() + timeoutMs;
    ledgers[batch.signal].accept(batch.items);
    const release = platform.hold();
    try {
      const { signal } = sendOptions;
      return await carry(batch, ways[batch.signal], {
        ...(deadline < Infinity ? { deadline } : {}),
        ...(signal === undefined ? {} : { signal }),
      });
    } finally {
      release();
    }
  }

  async function flush({ timeoutMs = 30_000 }: FlushOptions = {}): Promise<FlushReport> {
    for (const each of lanes) each.cut();
    const release = platform.hold();
    try {
      return await sends.settled(timeoutMs);
    } finally {
      release();
    }
  }

  async function close({ timeoutMs = 10_000 }: FlushOptions): Promise<FlushReport> {
    stopWatching();
    const report = await flush({ timeoutMs });
    for (const signal of signalNames) ledgers[signal].leave();
    abort.abort();
    await Promise.all([...new Set(Object.values(ways))].map((way) => way.close()));
    return report;
  }

  function flushAtEnd(): void {
    const pending = signalNames.some((signal) => ledgers[signal].pending > 0) || lanes.some((each) => each.open > 0);
    // Once it took too long the program may end: nobody can be kept waiting for ever.
    if (!pending || overdue) return;
    hurried = platform.endsAbruptly;
    void flush({ timeoutMs: 10_000 }).then(({ left }) => (overdue = left > 0 && !platform.endsAbruptly));
    hurried = false;
  }
  const stopWatching = flushAtExit ? platform.beforeEnd(flushAtEnd) : () => {};

  return {
    resource: settings.resource,
    recordSpan: (span) =>
      record(spans, "traces", () => ("spanContext" in span ? span : recordedSpan(span, settings.resource))),
    recordLog: (log) => record(logs, "logs", () => ("hrTime" in log ? log : recordedLog(log, settings.resource))),
    recordMetric: (metric) =>
      record(metrics, "metrics", () => ("scopeMetrics" in metric ? metric : recordedMetric(metric, settings.resource))),
    send,
    flush,
    close: (closeOptions = {}) => (closing ??= close(closeOptions)),
    on: (name, listener) => told.on(name, listener),
    counters(signal) {
      const counted = ledgers[signal].counters();
      const open = { traces: spans, logs, metrics, profiles: undefined }[signal]?.open ?? 0;
      return { ...counted, accepted: counted.accepted + open, pending: counted.pending + open };
    },
  };
}

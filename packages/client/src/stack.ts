import type { BatchAnswer } from "@otlpkit/batcher";
import { compress } from "@otlpkit/compression";
import { authenticate, type ByteBudget, type Middleware, pipe, type Sender, type Transport } from "@otlpkit/core";
import { retry } from "@otlpkit/retry";
import { platform } from "#platform";
import { attemptShare } from "./attempt-share.ts";
import type { Events } from "./events.ts";
import { lazySender } from "./lazy-sender.ts";
import type { ClientOptions } from "./options.ts";
import type { Settings, SignalSettings } from "./settings/settings.ts";

/** What all stacks of a client have in common. */
export interface Surroundings {
  readonly options: ClientOptions;
  readonly settings: Settings;
  readonly budget: ByteBudget;
  readonly events: Events;
  readonly now: () => number;
  readonly setTimer: NonNullable<ClientOptions["setTimer"]>;
  readonly onAnswer: (answer: BatchAnswer) => void;
  /** The page is being left: what is not sent at once may never be. */
  readonly hurried: () => boolean;
  readonly onWarning: (warning: string) => void;
  readonly leaving: ByteBudget;
}

/** The way from a batch to its endpoint, for the signals that go there by the same settings. */
export function stack(signal: SignalSettings, around: Surroundings): Sender {
  const { options, settings, budget, events, now, setTimer, onAnswer } = around;
  const stages: (Middleware | undefined)[] = [
    platform.batch({
      maxItems: signal.maxBatchItems,
      maxBytes: signal.maxRequestBytes,
      // The chunk has had its time already. What must wait for its turn is still merged.
      maxAgeMs: 0,
      maxConcurrent: settings.maxConcurrent,
      budget,
      whenFull: settings.whenFull,
      onAnswer,
      now,
      setTimer,
    }),
    options.audit,
    options.queue,
    signal.protocol === "http/json" ? json() : undefined,
    compression(signal, around),
    retry({
      ...options.retry,
      ...(options.random === undefined ? {} : { random: options.random }),
      maxElapsedMs: Infinity,
      now,
      setTimer,
      onRetry: ({ attempt, delayMs, error, batch: { signal: kind, items } }) =>
        events.emit("retrying", { signal: kind, items, attempt, delayMs, error }),
      onThrottle: ({ signal: kind, delayMs }) => events.emit("throttled", { signal: kind, delayMs }),
    }),
    attemptShare(signal.attemptTimeoutMs ?? signal.timeoutMs, now),
  ];
  return pipe(...stages.filter((stage) => stage !== undefined), connection(signal, around));
}

/** JSON is made of protobuf by code that most programs never need, so it is loaded with the first batch. */
function json(): Middleware {
  return (next) =>
    lazySender(
      async () => (await import("@otlpkit/otlp/json")).toJson()(next),
      () => next.close(),
    );
}

function compression({ compression: chosen }: SignalSettings, { hurried }: Surroundings): Middleware | undefined {
  if (chosen === "none") return undefined;
  const packing = compress(typeof chosen === "string" ? platform.compressor(chosen) : chosen);
  return (next) => {
    const stage = packing(next);
    return {
      // Compressing takes a moment that there may not be.
      send: (batch, options) => (hurried() ? next : stage).send(batch, options),
      close: () => stage.close(),
    };
  };
}

function connection(signal: SignalSettings, around: Surroundings): Sender {
  const { options } = around;
  const transport = authenticated(options.transport ?? platform.transport(signal, around), signal);
  return options.route === undefined ? transport.connect({ url: signal.url }) : options.route(transport);
}

/** Puts credentials on each attempt, for the endpoint that it goes to. */
function authenticated(transport: Transport, settings: SignalSettings): Transport {
  const { credentials, allowCleartext, insecure } = settings;
  if (credentials === undefined) return transport;
  return {
    name: transport.name,
    connect: (endpoint) =>
      pipe(authenticate(credentials, endpoint, { allowCleartext, insecure }), transport.connect(endpoint)),
  };
}

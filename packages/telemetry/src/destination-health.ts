import type { ExportError, ExportErrorCode, Middleware } from "@otlpkit/core";
import type { HealthReporter } from "./health.ts";
import { answered } from "./measured.ts";
import type { QueueReading } from "./queue-metrics.ts";

/** Tells the truth about one destination: "ready", or "degraded" with all that is wrong with it. */
export interface DestinationHealth {
  /** Watches attempts. It stands in front of the connection, behind retries, so that it sees those that are repeated. */
  readonly attempts: Middleware;
  /** Something is wrong (`reason`), or no longer (`undefined`): a breaker, credentials, discovery. `what` names it. */
  trouble(what: string, reason: string | undefined): void;
  /** How the queue is; to be told every second or so. */
  queue(reading: QueueReading): void;
}

export interface DestinationHealthOptions {
  /** So many attempts in a row have to fail; one that succeeds ends it. Default 3. */
  readonly failures?: number;
  /** And the first of them so long ago, in ms; a restart of the far side is no news. Default 2,000. */
  readonly failingMs?: number;
  /** A queue is in trouble when it is fuller than this share. Default 0.8. */
  readonly fullness?: number;
  /** Or when its oldest item is older than this and gets older, in ms. Default 60,000. */
  readonly oldestAgeMs?: number;
  /** Clock in ms. Default `performance.now`. */
  readonly now?: () => number;
}

/** Failures that say something about the batch or the caller, and nothing about the destination. */
const notItsFault: ReadonlySet<ExportErrorCode> = new Set(["invalid", "too-large", "cancelled", "closed"]);

/** Watches a destination and reports to `reporter`, which is "ready" from now on: nobody has seen anything else. */
export function destinationHealth(reporter: HealthReporter, options: DestinationHealthOptions = {}): DestinationHealth {
  const { failures = 3, failingMs = 2_000, fullness = 0.8, oldestAgeMs = 60_000 } = options;
  const now = options.now ?? (() => performance.now());
  const troubles = new Map<string, string>();
  let failed = 0;
  let firstFailureMs = 0;
  let ageBefore = 0;
  reporter.set("ready");

  function trouble(what: string, reason: string | undefined): void {
    if (reason === undefined) {
      if (!troubles.delete(what)) return;
    } else troubles.set(what, reason);
    if (troubles.size === 0) reporter.set("ready");
    else reporter.set("degraded", [...troubles.values()].join("; "));
  }

  function succeeded(): void {
    failed = 0;
    if (troubles.size > 0) trouble("attempts", undefined);
  }

  function failedBy(error: ExportError): void {
    if (notItsFault.has(error.code)) return;
    if (failed++ === 0) firstFailureMs = now();
    if (failed < failures || now() - firstFailureMs < failingMs) return;
    trouble("attempts", `${failed} attempts in a row failed, the last one so: ${error.message}`);
  }

  return {
    trouble,
    attempts: (next) => ({
      send: (batch, sendOptions) => answered(() => next.send(batch, sendOptions), succeeded, failedBy),
      close: () => next.close(),
    }),
    queue({ size, capacity, oldestAgeMs: age = 0 }) {
      const full = capacity > 0 ? size / capacity : 0;
      const isOld = age > oldestAgeMs && age >= ageBefore;
      ageBefore = age;
      if (full > fullness) trouble("queue", `its queue is ${Math.round(full * 100)} % full`);
      else if (isOld) trouble("queue", `its queue does not get shorter; the oldest item waits for ${seconds(age)}`);
      else trouble("queue", undefined);
    },
  };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000).toLocaleString("en-US")} s`;
}

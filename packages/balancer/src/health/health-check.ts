import type { Endpoint } from "@otlpkit/core";
import type { SetTimer } from "../timer.ts";

/** Asks an endpoint how it is. */
export interface HealthCheck {
  /** Names it in messages: "grpc.health.v1", "tcp". */
  readonly name: string;
  /** Resolves when the endpoint is well, rejects with what is wrong. `signal` aborts when it has taken too long. */
  check(endpoint: Endpoint, signal: AbortSignal): Promise<void>;
}

/** How often endpoints are asked, and what is made of the answers. */
export interface HealthCheckOptions {
  readonly check: HealthCheck;
  /** From the end of one check to the beginning of the next, in ms. Default 10,000. */
  readonly intervalMs?: number;
  /** No answer in so many ms is a bad one. Default 3,000. */
  readonly timeoutMs?: number;
  /** So many good answers in a row bring an endpoint back. Default 2. */
  readonly rise?: number;
  /** So many bad answers in a row take it out. Default 3. */
  readonly fall?: number;
  /** The part of the interval that is left to chance, so that checks spread. Default 0.2. */
  readonly jitter?: number;
}

/** Options with nothing left open. */
export type HealthChecks = Required<HealthCheckOptions>;

/** Fills in what is not said. */
export function healthCheckOptions(options: HealthCheckOptions): HealthChecks {
  const { check, intervalMs = 10_000, timeoutMs = 3_000, rise = 2, fall = 3, jitter = 0.2 } = options;
  for (const [name, value] of Object.entries({ intervalMs, timeoutMs, rise, fall })) {
    if (!(value > 0)) throw new RangeError(`healthCheck: ${name} must be above 0, not ${value}`);
  }
  if (!(jitter >= 0 && jitter <= 1)) throw new RangeError(`healthCheck: jitter must be from 0 to 1, not ${jitter}`);
  return { check, intervalMs, timeoutMs, rise, fall, jitter };
}

/** What checking one endpoint leans on. */
export interface Checking extends HealthChecks {
  readonly setTimer: SetTimer;
  readonly random: () => number;
  /** It went down or came up again; `error` says why it is down. */
  readonly onChange: (isDown: boolean, error: Error | undefined) => void;
  /** It has given `rise` good answers in a row, or more. */
  readonly onWell: () => void;
}

/**
 * Asks one endpoint until the returned function is called. It counts as well until it has failed `fall` times, so that a
 * check that is set up wrongly is seen before anything stops. The first check comes within an interval, at random.
 */
export function keepChecking(endpoint: () => Endpoint, checking: Checking): () => void {
  const { check, intervalMs, timeoutMs, rise, fall, jitter, setTimer, random, onChange, onWell } = checking;
  const stopped = new AbortController();
  let isDown = false;
  let good = 0;
  let bad = 0;
  let cancelNext = setTimer(ask, random() * intervalMs);

  function ask(): void {
    const over = new AbortController();
    const giveUp = (): void => over.abort(stopped.signal.reason);
    stopped.signal.addEventListener("abort", giveUp, { once: true });
    const late = new Error(`no answer to ${check.name} within ${timeoutMs} ms`);
    const cancelTimeout = setTimer(() => over.abort(late), timeoutMs);
    answerOf(check, endpoint(), over.signal)
      .then(
        () => heard(undefined),
        (error: unknown) => heard(error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => {
        cancelTimeout();
        stopped.signal.removeEventListener("abort", giveUp);
      });
  }

  function heard(error: Error | undefined): void {
    if (stopped.signal.aborted) return;
    good = error === undefined ? good + 1 : 0;
    bad = error === undefined ? 0 : bad + 1;
    if (isDown ? good >= rise : bad >= fall) {
      isDown = !isDown;
      onChange(isDown, error);
    }
    if (good >= rise) onWell();
    cancelNext = setTimer(ask, intervalMs * (1 - jitter / 2 + jitter * random()));
  }

  return () => {
    cancelNext();
    stopped.abort(new Error("health checks have ended"));
  };
}

/** Ends with the signal, whatever the check makes of it. */
async function answerOf(check: HealthCheck, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
  let onAbort = (): void => {};
  const given = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    await Promise.race([check.check(endpoint, signal), given]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

import { ExportError } from "@otlpkit/core";

/** A token as a server gave it out. */
export interface GivenToken {
  readonly value: string;
  /** How long it is good, in ms; `undefined`: the server did not say. */
  readonly lifetimeMs: number | undefined;
}

/** What a cache leans on. */
export interface TokenCacheOptions {
  /** Asks for a new token. */
  readonly ask: () => Promise<GivenToken>;
  /** Told of each new token's lifetime and of each failure; never of a token. */
  readonly onRefresh?:
    | ((outcome: { readonly lifetimeMs: number } | { readonly error: ExportError }) => void)
    | undefined;
  readonly now: () => number;
  readonly random: () => number;
}

/** A token that is asked for when it is needed, and again before it ends. */
export interface TokenCache {
  /** A token that is good now. Whoever waits, waits for one question; `signal` ends the own wait only. */
  token(signal?: AbortSignal): Promise<string>;
  /**
   * The far side does not take the token: the next call asks anew. Not again and again, though: where new tokens are
   * refused as well, the fault lies elsewhere, and the one that is held stays for a growing while.
   */
  forget(): void;
}

/** Nobody said how long, so not long. */
const unknownLifetimeMs = 5 * 60_000;
const firstDelayMs = 1000;
const maxDelayMs = 30_000;
/** Who says that it does not know us will not know us in a second. */
const refusedDelayMs = 60_000;
/** So many tokens in a row may be refused before there is a pause: keys that change, clocks that differ. */
const freeRefusals = 5;
/** Shorter lives are not believed, or each attempt would ask. */
const minLifetimeMs = 1000;

/**
 * One question at a time, early enough that nobody waits: from 80 % of the lifetime on and at least 60 s before its end,
 * at half of it for tokens that live less than two minutes, with a tenth left to chance. While a new one can't be had, the
 * old one is used until it really ends. After a failure nobody asks again before a growing delay is over.
 */
export function tokenCache({ ask, onRefresh, now, random }: TokenCacheOptions): TokenCache {
  let held: { readonly value: string; readonly refreshAtMs: number; readonly endsAtMs: number } | undefined;
  let asking: Promise<string> | undefined;
  let forgotten = { count: 0, untilMs: -Infinity };
  let failure: { readonly error: ExportError; readonly untilMs: number; readonly count: number } | undefined;

  function refresh(): Promise<string> {
    asking ??= askNow().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  async function askNow(): Promise<string> {
    const askedMs = now();
    try {
      const given = await ask();
      const lifetimeMs = Math.max(minLifetimeMs, given.lifetimeMs ?? unknownLifetimeMs);
      const { value } = given;
      const early = lifetimeMs < 120_000 ? lifetimeMs / 2 : Math.min(lifetimeMs - 60_000, lifetimeMs * 0.8);
      held = {
        value,
        refreshAtMs: askedMs + early * (1 - 0.1 * random()),
        endsAtMs: askedMs + lifetimeMs,
      };
      failure = undefined;
      onRefresh?.({ lifetimeMs });
      return value;
    } catch (cause) {
      const error = ExportError.from(cause, "cannot get a token");
      const count = (failure?.count ?? 0) + 1;
      const delayMs = error.retryable ? Math.min(maxDelayMs, firstDelayMs * 2 ** (count - 1)) : refusedDelayMs;
      const jittered = Math.max(error.retryAfterMs, delayMs * (0.5 + random() / 2));
      failure = { error, count, untilMs: now() + jittered };
      onRefresh?.({ error });
      throw again(error, jittered);
    }
  }

  return {
    token(signal) {
      const nowMs = now();
      const good = held !== undefined && nowMs < held.endsAtMs;
      const due = held === undefined || nowMs >= held.refreshAtMs;
      const mayAsk = failure === undefined || nowMs >= failure.untilMs;
      if (due && (mayAsk || asking !== undefined)) {
        const refreshed = refresh();
        if (!good) return endedBy(signal, refreshed);
        refreshed.catch(() => {
          // The old one still serves; `onRefresh` has said it.
        });
      }
      if (good) return Promise.resolve(held!.value);
      return Promise.reject(again(failure!.error, failure!.untilMs - nowMs));
    },
    forget() {
      const nowMs = now();
      if (nowMs < forgotten.untilMs) return;
      const count = nowMs - forgotten.untilMs > maxDelayMs ? 1 : forgotten.count + 1;
      const pauseMs = count <= freeRefusals ? 0 : firstDelayMs * 2 ** (count - freeRefusals - 1);
      forgotten = { count, untilMs: nowMs + Math.min(maxDelayMs, pauseMs) };
      held = undefined;
    },
  };
}

/** The same failure, with the time after which asking again makes sense. */
function again(error: ExportError, waitMs: number): ExportError {
  const { code, message, retryable } = error;
  return new ExportError(code, message, { retryable, retryAfterMs: Math.ceil(Math.max(0, waitMs)), cause: error });
}

function endedBy<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(new ExportError("cancelled", "waiting for a token was given up", { cause: signal.reason }));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

import { ExportError } from "@otlpkit/core";
import { sameSecrets, type Secrets } from "../secret.ts";
import type { SecretSource } from "../secret-source.ts";
import { watching } from "../watching.ts";
import type { Clock } from "./clock.ts";

export interface PolledOptions {
  readonly name: string;
  readonly read: () => Promise<Secrets>;
  readonly pollMs: number;
  readonly clock: Clock;
  readonly onError: (error: ExportError) => void;
  /** The client is closed. */
  readonly closing: AbortSignal;
}

/** A source that nobody tells of changes: asked when the last answer is old, by one for all who wait. */
export function polled(options: PolledOptions): SecretSource<Secrets> {
  const { name, read, pollMs, clock, onError, closing } = options;
  let last: { readonly secrets: Secrets; readonly atMs: number } | undefined;
  let flight: Promise<Secrets> | undefined;

  function refresh(): Promise<Secrets> {
    flight ??= read()
      .then((secrets) => {
        last = { secrets, atMs: clock.now() };
        return secrets;
      })
      .finally(() => (flight = undefined));
    return flight;
  }

  return {
    name,
    async get(signal) {
      if (last && !closing.aborted && clock.now() - last.atMs < pollMs) return last.secrets;
      try {
        return await orAborted(refresh(), signal);
      } catch (error) {
        if (!last || !ExportError.is(error) || !error.retryable) throw error;
        onError(error);
        return last.secrets;
      }
    },
    watch: (signal) =>
      watching(
        {
          read: (stop) => orAborted(refresh(), stop),
          same: sameSecrets,
          arm: (wake) => every(wake, () => pollMs * (0.9 + clock.random() * 0.2), clock),
          onError,
        },
        AbortSignal.any([signal, closing]),
      ),
  };
}

/** One who gives up does not take the answer from the others. */
export function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new ExportError("cancelled", "gave up waiting for a secret of Vault"));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function every(run: () => void, nextMs: () => number, clock: Clock): () => void {
  let cancel: () => void;
  let ended = false;
  const set = (): void => {
    cancel = clock.setTimer(() => {
      run();
      if (!ended) set();
    }, nextMs());
  };
  set();
  return () => {
    ended = true;
    cancel();
  };
}

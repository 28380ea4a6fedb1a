import { type Endpoint, ExportError, type Registered, type Registrar, type Registration } from "@otlpkit/core";
import { retreat, type RetreatOptions } from "./retreat.ts";
import type { OnState } from "./source-state.ts";
import { sleep, type Time, timeOf } from "./time.ts";

/** What all registrars can be told. */
export interface KeepOptions extends RetreatOptions, Partial<Time> {
  /** Told when the registration stands and when it is not known to; must not throw. */
  readonly onState?: OnState;
  /** How long `close` tries to take the registration back before it leaves that to its time to live. Default 5,000. */
  readonly closeTimeoutMs?: number;
}

/** How one registration is kept with a source. Each step throws {@link ExportError} when it fails, and may be repeated. */
export interface Keep {
  /** Time between two signs of life, before jitter. */
  readonly beatMs: number;
  /** Writes the whole registration; draining, when it is about to go. */
  put(draining: boolean, signal: AbortSignal): Promise<void>;
  /** A sign of life. "forgotten" when the source does not know us any more. */
  beat(signal: AbortSignal): Promise<"kept" | "forgotten">;
  /** Says that we are about to go. */
  drain(signal: AbortSignal): Promise<void>;
  /** Takes it back; no error when it is not there. */
  remove(signal: AbortSignal): Promise<void>;
  /** Lets go of connections. */
  close(): void | Promise<void>;
}

/**
 * Makes a {@link Registrar} of the steps of one source: registers, gives signs of life one at a time with jitter,
 * registers again when it was forgotten, retreats while the source cannot be reached, and drains again after each new
 * registration when draining was asked for.
 */
export function keeping(
  name: string,
  options: KeepOptions,
  keep: (registration: Registration, time: Time) => Keep,
): Registrar {
  return { name, register: (registration, signal) => registerOnce(name, options, keep, registration, signal) };
}

async function registerOnce(
  name: string,
  options: KeepOptions,
  make: (registration: Registration, time: Time) => Keep,
  registration: Registration,
  given: AbortSignal | undefined,
): Promise<Registered> {
  const { onState, closeTimeoutMs = 5_000 } = options;
  const time = timeOf(options);
  const keep = make(registration, time);
  const ending = new AbortController();
  const giveUp = (): void => ending.abort();
  let draining = false;

  // One step at a time: a drain must not be overtaken by the registration that it is about.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const mine = turn.then(step);
    turn = mine.catch(() => {});
    return mine;
  };

  /** Until it is done; with a retreat while it fails for a time. */
  async function insist(
    step: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
    ever: boolean,
  ): Promise<void> {
    const waits = retreat(options, time);
    let sinceMs: number | undefined;
    while (!signal.aborted) {
      try {
        await inTurn(() => step(signal));
        return;
      } catch (cause) {
        if (signal.aborted) return;
        const error = ExportError.from(cause, `cannot register with ${name}`);
        if (!ever && !error.retryable) throw error;
        const retryInMs = waits.next(error.retryAfterMs);
        sinceMs ??= time.now();
        onState?.({ state: "stale", source: name, sinceMs, error, retryInMs });
        await sleep(time, retryInMs, signal);
      }
    }
  }

  const put = async (signal: AbortSignal): Promise<void> => {
    await keep.put(draining, signal);
    onState?.({ state: "fresh", source: name, endpoints: 1 });
  };

  async function beatAlways(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Up to a tenth sooner, so that those who started together do not beat together.
      await sleep(time, keep.beatMs * (1 - 0.1 * time.random()), signal);
      if (signal.aborted) return;
      const beat = async (inner: AbortSignal): Promise<void> => {
        if ((await keep.beat(inner)) === "forgotten") await put(inner);
      };
      await insist(beat, signal, true);
    }
  }

  if (given?.aborted === true) giveUp();
  given?.addEventListener("abort", giveUp, { once: true });
  try {
    await insist(put, ending.signal, false);
  } catch (error) {
    await keep.close();
    throw error;
  } finally {
    given?.removeEventListener("abort", giveUp);
  }
  if (ending.signal.aborted) {
    // It may have arrived all the same.
    await within(closeTimeoutMs, time, (signal) => keep.remove(signal));
    await keep.close();
    throw new ExportError("cancelled", `registering with ${name} was given up by the caller`, { cause: given?.reason });
  }

  const beating = beatAlways(ending.signal);
  let closed: Promise<void> | undefined;
  return {
    drain: async () => {
      if (draining || closed !== undefined) return;
      draining = true;
      await insist((signal) => keep.drain(signal), ending.signal, true);
    },
    close: () =>
      (closed ??= (async () => {
        ending.abort();
        await beating;
        await turn;
        await within(closeTimeoutMs, time, (signal) => insist((inner) => keep.remove(inner), signal, true));
        await keep.close();
      })()),
  };
}

/** Gives the step so long, and does not mind if it fails: whoever goes away does not wait for ever. */
async function within(ms: number, time: Time, step: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const over = new AbortController();
  const cancel = time.setTimer(() => over.abort(), ms);
  try {
    await step(over.signal);
  } catch {
    // The source forgets us by itself once our time to live is over.
  } finally {
    cancel();
  }
}

/** Checks at the door what cannot be registered anywhere. */
export function registrable(endpoint: Endpoint, what: string): void {
  if (/^https?:/i.test(endpoint.url) && URL.canParse(endpoint.url)) return;
  throw new ExportError(
    "rejected",
    `${what} cannot tell others of ${endpoint.url}; only http:// and https:// have a host`,
  );
}

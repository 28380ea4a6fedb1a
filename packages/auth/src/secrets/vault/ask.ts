import { ExportError } from "@otlpkit/core";
import type { Exchange, VaultAnswer, VaultRequest } from "./exchange.ts";
import type { Clock } from "./clock.ts";

/** Asks until there is an answer that stays the same, and gives its body. */
export type Ask = (request: VaultRequest, signal: AbortSignal) => Promise<Readonly<Record<string, unknown>>>;

export interface AskOptions {
  readonly exchange: Exchange;
  /** For messages. */
  readonly shown: string;
  /** How long to go on while Vault is sealed, without a leader, overloaded or not to be reached. */
  readonly retryForMs: number;
  readonly clock: Clock;
}

const firstDelayMs = 100;
const maxDelayMs = 2_000;

/** @throws ExportError by the table of `refusal` */
export function asking(options: AskOptions): Ask {
  const { exchange, shown, retryForMs, clock } = options;
  // What we were told last, so that a member that lags behind does not answer from before that.
  let index: string | undefined;

  return async (request, signal) => {
    const startedMs = clock.now();
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      let error: ExportError;
      let again: boolean;
      try {
        const answer = await exchange.send(request, index, signal);
        index = answer.index ?? index;
        if (answer.status >= 200 && answer.status < 300) return usable(answer, shown);
        error = refusal(request, answer, shown);
        again = error.retryable;
      } catch (thrown) {
        error = ExportError.from(thrown, `cannot ask Vault at ${shown}`);
        again = error.retryable && request.repeat !== false;
      }
      const waitMs = Math.max(error.retryAfterMs, delayMs * (0.5 + clock.random() / 2));
      if (!again || signal.aborted || clock.now() - startedMs + waitMs > retryForMs) throw error;
      await clock.sleep(waitMs, signal);
    }
  };
}

function usable(answer: VaultAnswer, shown: string): Readonly<Record<string, unknown>> {
  if (answer.body) return answer.body;
  if (answer.status === 204) return {};
  throw new ExportError("bad-response", `what answers at ${shown} is no Vault: it does not speak JSON`);
}

/** What a status means; the body is not quoted. */
function refusal(request: VaultRequest, answer: VaultAnswer, shown: string): ExportError {
  const what = `${request.method} ${request.path} at Vault ${shown} (${answer.status})`;
  switch (answer.status) {
    case 400:
      return new ExportError("invalid", `${what}: Vault cannot do anything with this question`);
    case 401:
    case 403:
      return new ExportError("forbidden", `${what}: the token is not valid, or its policies do not allow this`);
    case 404:
      return new ExportError(
        "invalid",
        `${what}: there is nothing there, or it was deleted; check path, mount and namespace`,
      );
    case 405:
      return new ExportError("unsupported", `${what}: not possible at this path; is it the right engine?`);
    case 412:
      return new ExportError("unavailable", `${what}: this member of the cluster has not caught up yet`);
    case 429:
      return new ExportError("overloaded", `${what}: too many requests, or a standby`, {
        retryAfterMs: answer.retryAfterMs,
      });
    case 472:
    case 473:
      return new ExportError(
        "unavailable",
        `${what}: this member of the cluster is a standby and does not answer itself`,
      );
    case 503:
      return new ExportError("unavailable", `${what}: Vault is sealed or in maintenance`, {
        retryAfterMs: answer.retryAfterMs,
      });
    default:
      return answer.status >= 500
        ? new ExportError("unavailable", `${what}: Vault has a problem of its own; its log says which`)
        : new ExportError("rejected", `${what}: is this the address of Vault?`);
  }
}

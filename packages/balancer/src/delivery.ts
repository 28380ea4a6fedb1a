import { type Balancer, type Batch, ExportError, type SendOptions, signals } from "@otlpkit/core";
import type { EndpointGroup } from "./endpoint-group.ts";
import { mayHaveArrived } from "./may-have-arrived.ts";
import type { Member } from "./member.ts";
import { delivered, failed, joined, type Outcome } from "./outcome.ts";
import type { RouteSettings } from "./route-options.ts";

/** What was tried for a part of a batch so far. */
interface Trail {
  readonly tried: ReadonlySet<Member>;
  /** Of them, those that may have taken it all the same. */
  readonly repeats: number;
  readonly lastError: ExportError | undefined;
}

const untried: Trail = { tried: new Set(), repeats: 0, lastError: undefined };

/**
 * Brings batches to endpoints: to one that the balancer picks, or in parts to those that it names; what fails for a time
 * goes on to others, each part for itself. Never rejects.
 */
export function delivery(
  group: EndpointGroup,
  balancer: Balancer,
  source: string,
  settings: RouteSettings,
): (batch: Batch, options: SendOptions) => Promise<Outcome> {
  const { maxAttempts, maxRepeats, attemptTimeoutMs, now, onEvent } = settings;

  async function deliver(batch: Batch, options: SendOptions, trail: Trail): Promise<Outcome> {
    const candidates = group.candidates(trail.tried);
    if (candidates.length === 0) return failed(batch, trail.lastError ?? group.nobody(batch, source));
    if (balancer.split === undefined) {
      const chosen = balancer.pick(candidates, batch) as Member | undefined;
      if (chosen === undefined) return failed(batch, trail.lastError ?? nobodyChosen(batch));
      return attempt(chosen, batch, options, trail);
    }
    const parts = balancer.split(candidates, batch) as ReadonlyMap<Member, Batch>;
    if (parts.size === 0) return failed(batch, trail.lastError ?? nobodyChosen(batch));
    return joined(await Promise.all([...parts].map(([member, part]) => attempt(member, part, options, trail))));
  }

  async function attempt(member: Member, batch: Batch, options: SendOptions, trail: Trail): Promise<Outcome> {
    const { signal, items } = batch;
    onEvent({ kind: "picked", endpoint: member.id, signal, items, attempt: trail.tried.size + 1 });
    try {
      return delivered(await group.attempt(member, batch, forAttempt(options)));
    } catch (thrown) {
      const error = thrown as ExportError;
      const arrived = mayHaveArrived(error);
      const next: Trail = {
        tried: new Set([...trail.tried, member]),
        repeats: trail.repeats + (arrived ? 1 : 0),
        lastError: error,
      };
      const goesOn = mayGoOn(error, next, options) && group.candidates(next.tried).length > 0;
      onEvent({ kind: "failed", endpoint: member.id, batch, error, mayHaveArrived: arrived, goesOn });
      return goesOn ? deliver(batch, options, next) : failed(batch, finalError(error, next));
    }
  }

  function mayGoOn(
    error: ExportError,
    { tried, repeats }: Trail,
    { deadline = Infinity, signal }: SendOptions,
  ): boolean {
    if (!error.retryable || tried.size >= maxAttempts || repeats > maxRepeats) return false;
    return now() < deadline && signal?.aborted !== true;
  }

  function forAttempt(options: SendOptions): SendOptions {
    const attemptDeadline = now() + attemptTimeoutMs;
    return attemptDeadline < (options.deadline ?? Infinity) ? { ...options, deadline: attemptDeadline } : options;
  }

  /** Says where it was tried, and asks for a wait only when nobody would take anything before. */
  function finalError(error: ExportError, { tried }: Trail): ExportError {
    const retryAfterMs = error.retryable ? Math.ceil(group.waitMs()) : 0;
    if (tried.size === 1 && retryAfterMs === error.retryAfterMs) return error;
    const { code, retryable, grpcStatus } = error;
    const where = tried.size === 1 ? "" : `; tried ${[...tried].map(({ id }) => id).join(", ")}`;
    return new ExportError(code, error.message + where, { retryable, retryAfterMs, grpcStatus, cause: error });
  }

  function nobodyChosen({ items, signal }: Batch): ExportError {
    const what = `${items} ${signals[signal].items}`;
    return new ExportError("unavailable", `cannot deliver ${what}: the balancer ${balancer.name} chose no endpoint`);
  }

  return async (batch, options) => {
    try {
      return await deliver(batch, options, untried);
    } catch (thrown) {
      // A balancer that cannot read the batch.
      return failed(batch, ExportError.from(thrown, `cannot choose an endpoint by ${balancer.name}`));
    }
  };
}

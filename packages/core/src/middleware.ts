import type { Batch } from "./batch.ts";
import type { Ack, Sender, SendOptions } from "./sender.ts";

/** A stage on the way: a sender around a sender. `close` travels through it as data does. */
export type Middleware = (next: Sender) => Sender;

/** What a stateless stage does with one batch; `next` is the rest of the way. */
export type Step = (
  batch: Batch,
  options: SendOptions,
  next: (batch: Batch, options: SendOptions) => Promise<Ack>,
) => Promise<Ack>;

/**
 * Makes a {@link Middleware} of one function, for stages that hold nothing and so have nothing to do at `close`.
 *
 * ```ts
 * const counted = middleware((batch, options, next) => {
 *   total += batch.items;
 *   return next(batch, options);
 * });
 * ```
 */
export function middleware(step: Step): Middleware {
  return (next) => ({
    send: (batch, options) => step(batch, options, (b, o) => next.send(b, o)),
    close: () => next.close(),
  });
}

/**
 * Puts stages in front of a sender, in the order in which data meets them.
 *
 * ```ts
 * const exporter = pipe(retry(), compress(gzip()), transport.connect(endpoint));
 * ```
 */
export function pipe(...stages: [...Middleware[], Sender]): Sender {
  const sender = stages.at(-1) as Sender;
  const middlewares = stages.slice(0, -1) as Middleware[];
  return middlewares.reduceRight((next, stage) => stage(next), sender);
}

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
 * Makes a {@link Middleware} of one function, for stages that hold nothing.
 *
 * `close` waits until the batches under way have been handed on, since a step may work before it does so (compress, fetch
 * a token); not until they are answered, so that a stage behind that waits for better times is
 * told. Whatever a step does after its first `next` may find the way closed.
 *
 * ```ts
 * const counted = middleware((batch, options, next) => {
 *   total += batch.items;
 *   return next(batch, options);
 * });
 * ```
 */
export function middleware(step: Step): Middleware {
  return (next) => {
    /** Batches under way that have not yet been handed on. */
    let working = { batches: 0, whenDone: nothing };
    let closing: Promise<void> | undefined;

    async function close(): Promise<void> {
      const before = working;
      // What comes later is not waited for, or there might be no end.
      working = { batches: 0, whenDone: nothing };
      if (before.batches > 0) await new Promise<void>((resolve) => (before.whenDone = resolve));
      await next.close();
    }

    return {
      async send(batch, options) {
        const among = working;
        let counted = true;
        among.batches++;
        const handedOn = (): void => {
          if (!counted) return;
          counted = false;
          if (--among.batches === 0) among.whenDone();
        };
        try {
          return await step(batch, options, (b, o) => {
            const answer = next.send(b, o);
            handedOn();
            return answer;
          });
        } finally {
          handedOn();
        }
      },
      close: () => (closing ??= close()),
    };
  };
}

function nothing(): void {}

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

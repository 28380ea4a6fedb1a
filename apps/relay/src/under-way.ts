import type { Middleware } from "@otlpkit/core";

/** Knows how many sends have not been answered. */
export interface UnderWay {
  readonly stage: Middleware;
  /** Items and requests without an answer. */
  readonly count: () => { readonly requests: number; readonly items: number };
}

/** Counts what is under way in the stages behind it. */
export function underWay(): UnderWay {
  let requests = 0;
  let items = 0;
  return {
    count: () => ({ requests, items }),
    stage: (next) => ({
      async send(batch, options) {
        requests++;
        items += batch.items;
        try {
          return await next.send(batch, options);
        } finally {
          requests--;
          items -= batch.items;
        }
      },
      close: () => next.close(),
    }),
  };
}

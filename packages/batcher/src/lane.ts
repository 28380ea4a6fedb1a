import type { Request } from "./request.ts";

/** Requests of one signal that are ready to go; so many at a time. */
export interface Lane {
  /** Sends a request now or as soon as it is its turn; until then more may be added to it. Twice is once. */
  ready(request: Request): void;
  /** Nothing is ready or under way. */
  readonly idle: boolean;
  /** Forgets the limit, and sends everything that is ready. */
  open(): void;
}

/** `start` sends a request and resolves when it is answered; `onIdle` is called when the last one is. */
export function lane(limit: number, start: (request: Request) => Promise<void>, onIdle: () => void): Lane {
  const waiting = new Set<Request>();
  let maxConcurrent = limit;
  let underWay = 0;

  function drain(): void {
    for (const request of waiting) {
      if (underWay >= maxConcurrent) return;
      waiting.delete(request);
      underWay++;
      void start(request).finally(() => {
        underWay--;
        drain();
        if (underWay === 0) onIdle();
      });
    }
  }

  return {
    ready(request) {
      waiting.add(request);
      drain();
    },
    get idle() {
      return underWay + waiting.size === 0;
    },
    open() {
      maxConcurrent = Infinity;
      drain();
    },
  };
}

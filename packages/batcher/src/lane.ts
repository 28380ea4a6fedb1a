import type { Request } from "./request.ts";

/** Requests of one signal that are ready to go; so many at a time. */
export interface Lane {
  /** Sends a request now or as soon as it is its turn; until then more may be added to it. Twice is once. */
  ready(request: Request): void;
  /** Nothing is ready or under way. */
  readonly quiet: boolean;
  /** Forgets the limit, and sends everything that is ready. */
  open(): void;
  /** Resolves when nothing is ready or under way. */
  idle(): Promise<void>;
}

/** `start` sends a request and resolves when it is answered. */
export function lane(maxConcurrent: number, start: (request: Request) => Promise<void>): Lane {
  const waiting = new Set<Request>();
  let underWay = 0;
  const onIdle: (() => void)[] = [];
  let limit = maxConcurrent;

  function drain(): void {
    for (const request of waiting) {
      if (underWay >= limit) return;
      waiting.delete(request);
      underWay++;
      void start(request).finally(() => {
        underWay--;
        drain();
      });
    }
    if (underWay === 0) for (const resolve of onIdle.splice(0)) resolve();
  }

  return {
    ready(request) {
      waiting.add(request);
      drain();
    },
    get quiet() {
      return underWay === 0 && waiting.size === 0;
    },
    open() {
      limit = Infinity;
      drain();
    },
    idle() {
      return new Promise((resolve) => {
        onIdle.push(resolve);
        drain();
      });
    },
  };
}

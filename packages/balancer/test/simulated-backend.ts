import { type Ack, accepted, type Batch, ExportError, type SendOptions } from "@otlpkit/core";
import type { EventClock } from "./event-clock.ts";

/** What a backend is like. */
export interface BackendPlan {
  readonly id: string;
  /** Default 1. */
  readonly weight?: number;
  /** How long a request of eight spans takes on average, its turn not counted; spread exponentially. */
  readonly serviceMs: number;
  /** Whether it is there at a time. Default: always. */
  readonly isUp?: (nowMs: number) => boolean;
}

/** A backend that does so many requests at a time; others wait. */
export interface SimulatedBackend {
  readonly plan: BackendPlan;
  /** When it answered requests with success. */
  readonly answeredAtMs: readonly number[];
  /** Spans in them. */
  readonly spans: number;
  send(batch: Batch, options: SendOptions): Promise<Ack>;
}

const requestsAtATime = 8;
/** How long a refusal takes, and a way there. */
const networkMs = 1;

/** `onReceived` is told of everything that it has taken, whether or not the answer arrives. */
export function simulatedBackend(
  plan: BackendPlan,
  clock: EventClock,
  random: () => number,
  onReceived: (batch: Batch) => void,
): SimulatedBackend {
  const { isUp = () => true, serviceMs, id } = plan;
  const freeAtMs = Array<number>(requestsAtATime).fill(0);
  const answeredAtMs: number[] = [];
  let spans = 0;

  return {
    plan,
    answeredAtMs,
    get spans() {
      return spans;
    },
    send: (batch, { deadline = Infinity }) =>
      new Promise((resolve, reject) => {
        const fail = (error: ExportError, delayMs: number): void => void clock.setTimer(() => reject(error), delayMs);
        if (!isUp(clock.now())) {
          const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
          return fail(new ExportError("unavailable", `cannot reach ${id}`, { cause }), networkMs);
        }
        const lane = freeAtMs.indexOf(Math.min(...freeAtMs));
        const startsAtMs = Math.max(clock.now() + networkMs, freeAtMs[lane] as number);
        // A third of it whatever its size.
        const size = (1 + (2 * batch.items) / 8) / 3;
        const endsAtMs = startsAtMs - serviceMs * size * Math.log(1 - random());
        freeAtMs[lane] = endsAtMs;
        clock.setTimer(() => {
          // What goes down takes along what it was doing; or it was done, and only the answer is lost.
          const isGone = !isUp(clock.now());
          if (!isGone || random() < 0.5) onReceived(batch);
          if (isGone) return reject(new ExportError("unavailable", `${id} closed the connection`));
          answeredAtMs.push(clock.now());
          spans += batch.items;
          resolve(accepted);
        }, endsAtMs - clock.now());
        if (deadline < endsAtMs) {
          fail(new ExportError("timeout", `${id} did not answer in time`), deadline - clock.now());
        }
      }),
  };
}

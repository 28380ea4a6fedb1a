import type { Sender } from "@otlpkit/core";
import type { Segment } from "./catalog.ts";
import type { Consumer } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import { type Drain, drain } from "./drain.ts";
import type { DrainOptions, Settings } from "./options.ts";

/** Everything that delivers: a drain for each consumer that has a destination. */
export interface Drains {
  readonly size: number;
  get(consumer: string): Draining | undefined;
  /**
   * Begins to deliver to `next`, which is closed with the queue.
   *
   * @throws RangeError when the consumer has a drain
   */
  start(one: Consumer, next: Sender, options: DrainOptions): void;
  /** There is something new for everybody; {@link go} begins with it. */
  push(sequence: number, tenant: string | undefined): void;
  go(): void;
  /** Begins nothing new, lets what is under way end within the grace, then breaks it off. */
  close(): Promise<void>;
}

/** A drain at work. */
export interface Draining {
  readonly next: Sender;
  readonly drain: Drain;
  readonly delivery: Delivery;
}

export interface DrainsOptions extends Pick<Settings, "closeGraceMs" | "setTimer"> {
  readonly deliveryFor: (one: Consumer) => Delivery;
  /** What a consumer is still to get. */
  readonly backlog: (one: Consumer) => Iterable<{ readonly segment: Segment; readonly sequence: number }>;
}

/** After the grace, so much more for what was broken off. */
const abortGraceMs = 1000;

export function drains({ closeGraceMs, setTimer, deliveryFor, backlog }: DrainsOptions): Drains {
  const all = new Map<string, Draining>();

  function within(work: Promise<unknown>, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = setTimer(resolve, ms);
      void work.finally(() => {
        cancel();
        resolve();
      });
    });
  }

  return {
    get size() {
      return all.size;
    },
    get: (consumer) => all.get(consumer),
    start(one, next, options) {
      const { name } = one;
      if (all.has(name)) throw new RangeError(`queue: the consumer "${name}" has a drain already`);
      const delivery = deliveryFor(one);
      const starting = drain(name, next, options, delivery);
      all.set(name, { next, drain: starting, delivery });
      for (const { segment, sequence } of backlog(one)) starting.push(sequence, segment.get(sequence)?.tenant);
      starting.go();
    },
    push(sequence, tenant) {
      for (const its of all.values()) its.drain.push(sequence, tenant);
    },
    go() {
      for (const its of all.values()) its.drain.go();
    },
    async close() {
      const each = [...all.values()];
      for (const its of each) its.drain.stop();
      // What waits behind for better times is told now; what is on its way may end.
      const closed = Promise.allSettled(each.map(({ next }) => next.close()));
      const idle = Promise.all(each.map((its) => its.drain.idle()));
      await within(idle, closeGraceMs);
      for (const its of each) its.drain.abort();
      await within(Promise.all([idle, closed]), abortGraceMs);
    },
  };
}

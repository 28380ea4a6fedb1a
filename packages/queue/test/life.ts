import { type FakeClock, fakeClock } from "@otlpkit/testkit";
import { type DrainOptions, openQueue, type Queue, type QueueOptions } from "../src/index.ts";
import type { Account } from "./account.ts";
import { type Destination, destination } from "./destination.ts";
import type { Random } from "./random.ts";
import type { SimulatedFiles } from "./simulated-files.ts";
import type { Turns } from "./turns.ts";

/** One life of the program that has the queue open: from its start to its end, whatever that is. */
export interface Life {
  readonly number: number;
  readonly clock: FakeClock;
  readonly queue: Promise<Queue>;
  readonly destinations: ReadonlyMap<string, Destination>;
  /** The program is no more: whatever it still seems to do is not to be believed. */
  end(): void;
  readonly alive: boolean;
}

export interface LifeOptions {
  readonly number: number;
  readonly files: SimulatedFiles;
  readonly random: Random;
  readonly turns: Turns;
  readonly account: Account;
  readonly log: (line: string) => void;
  readonly wallClock: () => number;
  readonly consumers: ReadonlyMap<string, DrainOptions>;
  readonly queueOptions: Omit<QueueOptions, "folder">;
}

export function life(options: LifeOptions): Life {
  const { random, consumers, account } = options;
  const clock = fakeClock(random.below(1e6));
  let alive = true;
  const destinations = new Map(
    [...consumers.keys()].map((consumer) => [
      consumer,
      destination({
        ...options,
        ...clock,
        consumer,
        life: options.number,
        alive: () => alive,
      }),
    ]),
  );
  const opened = openQueue({
    ...options.queueOptions,
    folder: "/q",
    files: options.files,
    now: () => clock.now(),
    setTimer: (run, delayMs) => clock.setTimer(() => alive && run(), delayMs),
    wallClock: () => options.wallClock(),
    random: () => random.next(),
    onEvent(event) {
      if (!alive || event.kind !== "dropped" || event.reason === "damaged") return;
      account.dropped.set(event.consumer, (account.dropped.get(event.consumer) ?? 0) + event.batches);
    },
  });
  const queue = opened.then((made) => {
    if (alive) for (const [consumer, to] of destinations) made.drain(to, { ...consumers.get(consumer), consumer });
    return made;
  });
  return {
    number: options.number,
    clock,
    queue,
    destinations,
    end: () => void (alive = false),
    get alive() {
      return alive;
    },
  };
}

import { accepted, ExportError, type Sender, type SendOptions } from "@otlpkit/core";
import type { Account } from "./account.ts";
import { numberOf } from "./payload.ts";
import type { Random } from "./random.ts";
import type { Turns } from "./turns.ts";

/** How a destination answers. */
export type Mood = "takes all" | "mixed" | "down" | "hangs" | "refuses";

export const moods: readonly Mood[] = ["takes all", "mixed", "down", "hangs", "refuses"];

/** The far side of a schedule. */
export interface Destination extends Sender {
  mood: Mood;
  /** Told of everything that must not be. */
  readonly complaints: unknown[];
}

export interface DestinationOptions {
  readonly consumer: string;
  readonly account: Account;
  readonly random: Random;
  readonly turns: Turns;
  readonly life: number;
  /** Whether the program that calls is still alive. */
  readonly alive: () => boolean;
  readonly log: (line: string) => void;
  readonly now: () => number;
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
}

export function destination(options: DestinationOptions): Destination {
  const { consumer, account, random, turns, life, alive } = options;
  const complaints: unknown[] = [];
  let closed = false;
  const self: Destination = {
    mood: "takes all",
    complaints,
    async send(batch, sendOptions) {
      if (!alive()) return never();
      if (closed) throw new ExportError("closed", "the destination is closed");
      const entry = judged(() => account.arrived(consumer, batch, life));
      const number = numberOf(batch);
      options.log(`    ${number} arrives at ${consumer}`);
      const answer = self.mood === "mixed" ? random.pick(moods) : self.mood;
      if (answer === "hangs" && random.chance(0.8)) return broken(sendOptions);
      await turns.wait();
      if (!alive()) return never();
      if (closed || sendOptions.signal?.aborted || (sendOptions.deadline ?? Infinity) <= options.now()) {
        throw new ExportError("cancelled", "the caller gave up");
      }
      if (answer === "down" || answer === "hangs") throw failure(random);
      const how = answer === "refuses" ? "refused" : "delivered";
      entry?.ends.set(consumer, { how, life });
      options.log(`    ${number} ${how} by ${consumer}`);
      if (how === "refused") throw new ExportError("rejected", "no such thing is wanted here");
      if (batch.items > 0 && random.chance(0.1))
        return { rejectedItems: 1 + random.below(batch.items), message: "some" };
      return accepted;
    },
    async close() {
      closed = true;
    },
  };
  function judged<T>(judge: () => T): T | undefined {
    try {
      return judge();
    } catch (error) {
      complaints.push(error);
      return undefined;
    }
  }
  /** Ends when the caller gives up, by signal or by deadline, and not before. */
  function broken({ signal, deadline }: SendOptions): Promise<never> {
    return new Promise((_, reject) => {
      const giveUp = (): void => reject(new ExportError("cancelled", "the caller gave up"));
      signal?.addEventListener("abort", giveUp, { once: true });
      if (deadline !== undefined) options.setTimer(giveUp, deadline - options.now());
    });
  }
  return self;

  function failure(dice: Random): ExportError {
    const retryAfterMs = dice.chance(0.2) ? dice.below(5000) : undefined;
    return new ExportError(dice.pick(["unavailable", "overloaded", "timeout"]), "not now", { retryAfterMs });
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}

import { type Books, inspect, type Queue, type QueueOptions } from "../src/index.ts";
import type { Account, Entry } from "./account.ts";
import type { Troubles } from "./any-options.ts";
import { difference, numberOf } from "./payload.ts";
import type { SimulatedFiles } from "./simulated-files.ts";

/** What is known when all is over. */
export interface Case {
  readonly queue: Queue;
  readonly files: SimulatedFiles;
  readonly account: Account;
  readonly troubles: Troubles;
  readonly queueOptions: Omit<QueueOptions, "folder">;
}

/**
 * Holds a queue that has nothing left to do to its word.
 *
 * @throws Error when something that was accepted is neither delivered nor accounted for, or something is reported that was
 *   not so
 */
export async function judge(known: Case): Promise<void> {
  const { queue, account, troubles, queueOptions } = known;
  const entries = [...account.entries.values()];
  for (const { name, books } of queue.facts().consumers) {
    const missing = entries.filter(({ answer, ends }) => answer === "accepted" && !ends.has(name));
    const unexplained = missing.filter((entry) => !entry.damaged && !entry.mayBeLost);
    const { dropped } = books;
    // When the disk takes no notes, it may be forgotten why a segment went, or that it was there; but it was said.
    const mayForget = troubles.diskErrors || troubles.diskFull;
    const forgotten = mayForget ? dropped.damaged.batches : 0;
    const noted = dropped.full.batches + dropped.expired.batches + forgotten;
    const said = mayForget ? (account.dropped.get(name) ?? 0) : 0;
    const hasPolicy = queueOptions.whenFull === "drop-oldest" || queueOptions.maxAgeMs !== undefined;
    const droppedByPolicy = hasPolicy ? Math.max(noted, said) : 0;
    if (unexplained.length > droppedByPolicy) {
      throw new Error(
        `${name} never got ${namesOf(unexplained)}, which were accepted; ${droppedByPolicy} were dropped`,
      );
    }
    const damaged = missing.filter((entry) => entry.damaged && !entry.mayBeLost);
    if (droppedByPolicy === 0 && dropped.damaged.batches < damaged.length) {
      throw new Error(`${namesOf(damaged)} were damaged, and ${dropped.damaged.batches} reported`);
    }
    // What a power cut tore before it was answered can't be told from what was damaged later.
    const torn = entries.filter(({ answer, mayBeLost }) => troubles.powerCuts && (answer !== "accepted" || mayBeLost));
    if (!troubles.flips && dropped.damaged.batches > torn.length + forgotten) {
      throw new Error(`${name}: ${dropped.damaged.batches} batches called damaged, and nothing was`);
    }
  }
  await judgeDeadLetters(known);
}

async function judgeDeadLetters({ queue, files, account, troubles, queueOptions }: Case): Promise<void> {
  const letters = inspect("/q", { ...queueOptions, files: files.atEase() }).deadLetters();
  const found = new Set<number>();
  for await (const { sequence } of letters.records()) {
    const letter = await letters.read(sequence).catch((error: unknown) => {
      if (!troubles.flips) throw error;
    });
    if (!letter) continue;
    const entry = account.entries.get(numberOf(letter.batch)) as Entry;
    const differs = difference(letter.batch, entry.batch);
    if (differs) throw new Error(`the dead letter of ${numberOf(letter.batch)} is garbled: ${differs}`);
    found.add(numberOf(letter.batch));
  }
  const anyDropped = queue
    .facts()
    .consumers.some(({ books }) => books.dropped.full.batches + books.dropped.expired.batches > 0);
  if (troubles.flips || anyDropped) return;
  for (const [number, { answer, ends, mayBeLost }] of account.entries) {
    // A power cut may take what was never answered, dead letter and all.
    if (answer !== "accepted" && troubles.powerCuts) continue;
    const refused = [...ends.values()].some(({ how }) => how === "refused");
    if (refused && !mayBeLost && !found.has(number)) throw new Error(`${number} was refused and is no dead letter`);
  }
}

/** @throws Error when a consumer's books do not close */
export function checkBooks(queue: Queue): void {
  for (const { name, books } of queue.facts().consumers) {
    for (const unit of ["batches", "items"] as const) {
      if (!closes(books, unit)) throw new Error(`the books of ${name} do not close: ${JSON.stringify(books)}`);
    }
  }
}

function closes({ accepted, delivered, rejected, deadLettered, dropped, queued }: Books, unit: "batches" | "items") {
  const outcomes = [delivered, rejected, deadLettered, ...Object.values(dropped), queued];
  const sum = outcomes.reduce((total, amount) => total + amount[unit], 0);
  return accepted[unit] === sum && outcomes.every((amount) => amount[unit] >= 0);
}

function namesOf(entries: readonly Entry[]): string {
  return entries.map(({ batch }) => numberOf(batch)).join();
}

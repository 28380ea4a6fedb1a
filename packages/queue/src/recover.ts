import { randomBytes } from "node:crypto";
import type { Encryption } from "@otlpkit/core";
import type { Position } from "./appender.ts";
import { catalog, type Catalog } from "./catalog.ts";
import { consumer, type Consumer } from "./consumer.ts";
import type { Amount, QueueEvent } from "./events.ts";
import type { Files } from "./files.ts";
import { queueIdBytes } from "./layout.ts";
import type { LoadedProgress, ProgressEntry, Snapshot } from "./progress-file.ts";
import type { Recovered } from "./queue.ts";
import { setAside, type SetAside } from "./set-aside.ts";
import { type Survey, survey } from "./survey.ts";
import { cutOverlong, keepDamaged, keepUnfinished, syncUnsafe, tidy } from "./tidy.ts";
import { missingAmong, nextOf, safeBefore, takeOutUnfinished } from "./unfinished.ts";

/** A queue as it was left, made fit to go on. */
export interface RecoveredQueue {
  readonly queueId: Uint8Array;
  readonly catalog: Catalog;
  readonly consumers: Consumer[];
  readonly next: Position;
  readonly nextSegment: number;
  readonly nextConsumer: number;
  /** Of the newest file of progress. */
  readonly progressNumber: number;
  /** Segments that may go, or are gone, though not for certain. */
  readonly done: readonly number[];
  readonly foreign: Survey["foreign"];
  readonly aside: SetAside;
  readonly report: Omit<Recovered, "tookMs">;
}

export interface RecoverOptions {
  readonly files: Files;
  readonly folder: string;
  readonly encryption?: Encryption;
  readonly damagedBytes: number;
  readonly onEvent: (event: QueueEvent) => void;
}

/**
 * Looks at what is there, cuts torn ends, keeps damaged pieces aside and works out what became of what. Whatever it finds,
 * it goes on.
 */
export async function recover(options: RecoverOptions): Promise<RecoveredQueue> {
  const { files, folder, damagedBytes, onEvent } = options;
  const found = await survey(files, folder);
  const { progress } = found;
  const { snapshot } = progress;
  const aside = await setAside(files, folder, damagedBytes);
  const damage = await keepDamaged(found, aside, files, folder, onEvent);
  await tidy(async () => {
    for (const name of found.leftovers) await files.remove(`${folder}/${name}`);
    if (found.leftovers.length > 0) await files.syncFolder(folder);
  });

  await cutOverlong(found, files, folder);

  const segments = catalog();
  for (const segment of found.segments) segments.add(segment);
  const safe = safeBefore(progress, segments);
  const unfinished = await takeOutUnfinished(segments, safe, options);
  const unfinishedBytes = await keepUnfinished(unfinished, aside, files, folder, onEvent);
  await syncUnsafe(segments, safe, files, folder);
  const missingUnfinished = missingAmong(segments, safe);
  const next = nextOf(progress, segments);
  const consumers = consumersOf(progress, segments);

  let damaged = nothing;
  for (const one of consumers) {
    const missing = one.enterMissing(next, missingUnfinished);
    if (missing.batches === 0 && missing.items === 0) continue;
    damaged = larger(damaged, missing);
    onEvent({ kind: "dropped", consumer: one.name, tenant: undefined, reason: "damaged", ...missing });
  }
  const there = segments.segments.reduce((sum, { records, items }) => plus(sum, records, items), nothing);
  return {
    queueId: found.queueId ?? randomBytes(queueIdBytes),
    catalog: segments,
    consumers,
    next,
    nextSegment: found.nextSegment,
    nextConsumer: snapshot?.nextConsumer ?? 1,
    progressNumber: progress.number,
    done: snapshot?.done ?? [],
    foreign: found.foreign,
    aside,
    report: {
      queued: consumers.length === 0 ? there : consumers.map(({ ledger }) => ledger.queued).reduce(larger),
      ...damage,
      tornBytes: damage.tornBytes + unfinishedBytes,
      damaged,
      mayRepeat: consumers
        .map((one) => begunOf(one, segments))
        .reduce((sum, { batches, items }) => plus(sum, batches, items), nothing),
      progressDamaged: progress.damaged || (snapshot === undefined && found.segments.length > 0),
    },
  };
}

/** Who has got what. */
export function consumersOf({ snapshot, entries }: LoadedProgress, segments: Catalog): Consumer[] {
  const consumers = (snapshot?.consumers ?? []).map(consumer);
  for (const one of consumers) {
    for (const number of snapshot?.done ?? []) one.forget(number);
    for (const segment of segments.segments) one.attach(segment);
  }
  replay(entries, consumers, segments);
  return consumers;
}

/** Does again what was noted since the last snapshot. */
function replay(entries: readonly ProgressEntry[], consumers: readonly Consumer[], segments: Catalog): void {
  for (const { kind, consumer: id, sequence, outcome, items, rejectedItems } of entries) {
    if (kind === "safe") continue;
    const one = consumers.find((candidate) => candidate.id === id);
    const segment = segments.find(sequence);
    if (one === undefined) continue;
    if (outcome === undefined) {
      if (segment?.has(sequence) === true && !one.isSettled(segment, sequence)) one.begun.add(sequence);
    } else if (segment?.has(sequence) === true) one.settle(segment, sequence, outcome, rejectedItems);
    else one.ledger.settle(undefined, outcome, items, rejectedItems);
  }
}

/** What was under way, and is there still. */
function begunOf(one: Consumer, segments: Catalog): Amount {
  let sum = nothing;
  for (const sequence of one.begun) {
    const segment = segments.find(sequence);
    const entry = segment?.get(sequence);
    if (segment === undefined || entry === undefined || one.isSettled(segment, sequence)) one.begun.delete(sequence);
    else sum = plus(sum, 1, entry.items);
  }
  return sum;
}

const nothing: Amount = { batches: 0, items: 0 };
const plus = (sum: Amount, batches: number, items: number): Amount => ({
  batches: sum.batches + batches,
  items: sum.items + items,
});
const larger = (one: Amount, other: Amount): Amount => ({
  batches: Math.max(one.batches, other.batches),
  items: Math.max(one.items, other.items),
});

/** What the next start must know. */
export function snapshotOf(
  queueId: Uint8Array,
  position: { readonly next: Position; readonly nextSegment: number },
  consumers: readonly Consumer[],
  nextConsumer: number,
  done: readonly number[],
): Snapshot {
  return {
    queueId: Buffer.from(queueId).toString("hex"),
    next: position.next,
    nextSegment: position.nextSegment,
    nextConsumer,
    done,
    consumers: consumers.map((one) => one.snapshot()),
  };
}

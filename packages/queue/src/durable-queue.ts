import type { Batch, Sender } from "@otlpkit/core";
import { appender, type Stored } from "./appender.ts";
import { cache } from "./cache.ts";
import type { Entry, Segment } from "./catalog.ts";
import { consumer, type Consumer } from "./consumer.ts";
import { delivery } from "./delivery.ts";
import { diskState } from "./disk-state.ts";
import { drainRate } from "./drain-rate.ts";
import { drains } from "./drains.ts";
import { amountOf, queueFacts } from "./facts.ts";
import { flushes } from "./flushes.ts";
import { entrance } from "./entrance.ts";
import { deadLetters } from "./dead-letters.ts";
import { lockouts } from "./lockouts.ts";
import type { DrainOptions, Settings } from "./options.ts";
import { progress } from "./progress.ts";
import { safeNote } from "./progress-file.ts";
import type { Queue, Refusal } from "./queue.ts";
import { reader } from "./reader.ts";
import { type RecoveredQueue, snapshotOf } from "./recover.ts";
import { rewrap } from "./rewrap.ts";
import { room } from "./room.ts";
import { segmentFiles } from "./segment-files.ts";
import { segmentHeaderBytes } from "./segment-header.ts";
import { sequencesOf, settling } from "./settling.ts";
import { spareFiles } from "./spare-files.ts";
import { sweep } from "./sweep.ts";
import { upkeep } from "./upkeep.ts";

/** A queue, with what only other parts of this package may do with it. */
export interface DurableQueue extends Queue {
  close: () => Promise<void>;
  /** Keeps a batch with the reason why it was refused. */
  keep(batch: Batch, refusal: Refusal): Promise<void>;
  /** Takes records out, for all consumers. Says how many there were. */
  remove(sequences: readonly number[]): Promise<number>;
  /** Reads everything, and takes out what is damaged. */
  check(): Promise<void>;
  rewrap(): Promise<{ readonly rewrapped: number; readonly failed: readonly string[] }>;
  /** The queue of dead letters, if there are any. */
  deadLetters(): Promise<DurableQueue> | undefined;
}

/** Puts the parts together. */
export async function durableQueue(
  settings: Settings,
  found: RecoveredQueue,
  tookMs: number,
  openDeadLetters: () => Promise<DurableQueue>,
): Promise<DurableQueue> {
  const { files, folder, now, onEvent, setTimer } = settings;
  const { queueId, catalog, consumers } = found;
  const recovered = { ...found.report, tookMs };
  const disk = diskState(now, onEvent);
  const recent = cache(settings.cacheBytes, now);
  const rate = drainRate(now);
  const waiting = flushes();
  const records = reader(files, folder, settings.encryption);
  const spares = spareFiles({ ...settings, catalog });
  const newFiles = segmentFiles({ ...settings, ...found, spares, onLeft: (number) => sweeper.add(number) });
  let nextConsumer = found.nextConsumer;
  let synced = { batches: 0, items: 0 };
  let closing: Promise<void> | undefined;

  const writer = appender({
    ...settings,
    ...found,
    newFiles,
    onStored,
    onSafe: (before) => void notes.note(safeNote(before)),
    onEnded: () => void sweeper.go(),
    onFailure: disk.failed,
  });
  const notes = progress({
    files,
    folder,
    number: found.progressNumber,
    setTimer,
    onFailure: disk.failed,
    snapshot: () =>
      snapshotOf(
        queueId,
        { next: writer.next, nextSegment: newFiles.nextNumber },
        consumers,
        nextConsumer,
        sweeper.done,
      ),
  });
  const books = settling({
    ...found,
    notes,
    onEvent: (event) => {
      if (event.kind === "damage") recovered.damagedPlaces++;
      onEvent(event);
    },
    onFailure: disk.failed,
    onSettled,
  });
  const sweeper = sweep({
    files,
    folder,
    catalog,
    consumers,
    reader: records,
    progress: notes,
    spares,
    done: found.done,
    onFailure: disk.failed,
    onFreed: () => space.freed(),
  });
  const locks = lockouts({ records, onEvent, onLockedOut });
  const work = upkeep({ ...locks, catalog, consumers, books, records, writer, notes, sweeper, someConsumer });
  const space = room({
    ...settings,
    // The header of a segment that is begun meanwhile must fit as well.
    maxBytes: settings.maxBytes - segmentHeaderBytes,
    usedBytes: () => catalog.bytes,
    stopped: disk.stopped,
    msToFree: (bytes) => rate.msFor(bytes),
    dropOldest: work.dropOldest,
    onFull: () => void work.giveBack(),
  });
  const door = entrance({ ...settings, room: space, writer });
  const delivering = drains({
    ...settings,
    backlog: (one) => books.unsettled(one),
    deliveryFor: (one) =>
      delivery(one, { ...settings, ...locks, catalog, records, recent, notes, books, keep: letters.keep }),
  });

  for (const { name, error } of found.foreign) onEvent({ kind: "locked-out", segment: name, error });
  for (const segment of catalog.segments) await locks.tryKey(segment);
  // Whatever may fail comes before the file of progress is begun.
  const letters = await deadLetters(settings, openDeadLetters);
  await notes.checkpoint();
  void sweeper.go();

  function onStored(group: readonly Stored[]): void {
    disk.works();
    for (const { sequence, segment, batch, bytes } of group) {
      const { signal, tenant, items } = batch;
      const entry = segment.get(sequence) as Entry;
      synced = { batches: synced.batches + 1, items: synced.items + items };
      for (const one of consumers) one.queue(entry);
      delivering.push(sequence, tenant);
      if (delivering.size > 0) recent.put(sequence, { batch, acceptedAtMs: entry.acceptedAtMs });
      onEvent({ kind: "stored", signal, tenant, items, bytes });
    }
    delivering.go();
  }

  function onSettled(one: Consumer, segment: Segment, sequence: number, bytes: number): void {
    // Who has no drain does not want it soon.
    const isWanted = consumers.some(
      (other) => delivering.get(other.name) !== undefined && !other.isSettled(segment, sequence),
    );
    if (!isWanted) recent.remove(sequence);
    rate.left(bytes / consumers.length);
    if (one.isDoneWith(segment) && (!segment.open || space.wanted)) void work.giveBack();
    if (delivering.get(one.name) !== undefined && segment.lockedOut === undefined) waiting.settled(sequence);
  }

  /** What can't be read now is not waited for. */
  function onLockedOut(segment: Segment): void {
    for (const one of consumers) {
      if (delivering.get(one.name) === undefined) continue;
      for (const sequence of sequencesOf(segment)) {
        if (segment.has(sequence) && !one.isSettled(segment, sequence)) waiting.settled(sequence);
      }
    }
  }

  function consumerOf(name: string): Consumer {
    const known = consumers.find((one) => one.name === name);
    if (known !== undefined) return known;
    const there = amountOf(catalog);
    const { next } = writer;
    const start = { sequence: next.sequence - there.batches, items: next.items - there.items };
    const made = consumer({ id: nextConsumer++, name, start, accounts: [], settled: [], begun: [] });
    for (const segment of catalog.segments) made.attach(segment);
    consumers.push(made);
    void notes.checkpoint();
    return made;
  }

  function someConsumer(): void {
    if (consumers.length === 0 && catalog.segments.length > 0) consumerOf("default");
  }

  function startDrain(next: Sender, options: DrainOptions = {}): void {
    delivering.start(consumerOf(options.consumer ?? "default"), next, options);
  }

  async function forget(name: string): Promise<void> {
    const one = consumers.find((candidate) => candidate.name === name);
    if (one === undefined) return;
    if (delivering.get(name) !== undefined) throw new RangeError(`queue: the consumer "${name}" has a drain`);
    await work.forget(one);
  }

  async function flush(signal?: AbortSignal): Promise<void> {
    await door.idle();
    const before = writer.next.sequence;
    let left = 0;
    for (const one of consumers) {
      if (delivering.get(one.name) !== undefined) for (const _ of books.unsettled(one, before)) left++;
    }
    await waiting.wait(before, left, signal);
  }

  async function close(): Promise<void> {
    door.close();
    await Promise.all([writer.idle(), delivering.close()]);
    await letters.close();
    await writer.close();
    await newFiles.close();
    await spares.close();
    await sweeper.go();
    books.stop();
    waiting.close();
    await notes.checkpoint();
    await notes.close();
    await records.close();
  }

  const queue: DurableQueue = {
    recovered,
    send: door.send,
    keep: (batch, refusal) => door.store(batch, {}, refusal),
    drain: startDrain,
    stage: (options) => (next) => {
      startDrain(next, options);
      return { send: door.send, close: () => queue.close() };
    },
    flush,
    forget,
    remove: work.remove,
    check: work.check,
    rewrap: () => rewrap(files, folder, catalog.segments, settings.encryption),
    deadLetters: () => letters.opened(),
    facts: () =>
      queueFacts(
        { ...settings, catalog, consumers, foreign: found.foreign, writer, delivering, letters, disk, rate },
        synced,
      ),
    close: () => (closing ??= close()),
  };
  return queue;
}

import { type Batch, ExportError, type Sender } from "@otlpkit/core";
import { appender, type Stored } from "./appender.ts";
import { cache } from "./cache.ts";
import type { Entry, Segment } from "./catalog.ts";
import { consumer, type Consumer } from "./consumer.ts";
import { type Delivery, delivery } from "./delivery.ts";
import { diskState } from "./disk-state.ts";
import { type Drain, drain } from "./drain.ts";
import { drainRate } from "./drain-rate.ts";
import { amountOf, consumerFacts, oldestOf } from "./facts.ts";
import { flushes } from "./flushes.ts";
import { entrance } from "./entrance.ts";
import { deadLetters } from "./dead-letters.ts";
import { markOf } from "./layout.ts";
import type { DrainOptions, Settings } from "./options.ts";
import { progress } from "./progress.ts";
import { safeNote } from "./progress-file.ts";
import type { Queue, QueueFacts, Refusal } from "./queue.ts";
import { reader } from "./reader.ts";
import { type RecoveredQueue, snapshotOf } from "./recover.ts";
import { rewrap } from "./rewrap.ts";
import { room } from "./room.ts";
import { segmentHeaderBytes } from "./segment-header.ts";
import { sequencesOf, settling } from "./settling.ts";
import { sweep } from "./sweep.ts";

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

interface Draining {
  readonly next: Sender;
  readonly drain: Drain;
  readonly delivery: Delivery;
}

/** After the grace of `close`, so much more for what was broken off. */
const abortGraceMs = 1000;

/** Puts the parts together. */
export async function durableQueue(
  settings: Settings,
  found: RecoveredQueue,
  tookMs: number,
  openDeadLetters: () => Promise<DurableQueue>,
): Promise<DurableQueue> {
  const { files, folder, now, wallClock, setTimer, onEvent } = settings;
  const { queueId, catalog, consumers } = found;
  const drains = new Map<string, Draining>();
  const recovered = { ...found.report, tookMs };
  const disk = diskState(now, onEvent);
  const recent = cache(settings.cacheBytes);
  const rate = drainRate(now);
  const waiting = flushes();
  const records = reader(files, folder, markOf(queueId), settings.encryption);
  let nextConsumer = found.nextConsumer;
  let synced = { batches: 0, items: 0 };
  let closing: Promise<void> | undefined;

  const writer = appender({
    ...settings,
    ...found,
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
    snapshot: () => snapshotOf(queueId, writer, consumers, nextConsumer, sweeper.done),
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
    done: found.done,
    onFailure: disk.failed,
    onFreed: () => space.freed(),
  });
  const space = room({
    ...settings,
    // The header of a segment that is begun meanwhile must fit as well.
    maxBytes: settings.maxBytes - segmentHeaderBytes,
    usedBytes: () => catalog.bytes,
    stopped: disk.stopped,
    msToFree: rate.msFor,
    dropOldest,
    onFull: () => void giveBack(),
  });

  const door = entrance({ ...settings, room: space, writer });

  for (const { name, error } of found.foreign) onEvent({ kind: "locked-out", segment: name, error });
  for (const segment of catalog.segments) await unlock(segment);
  await notes.checkpoint();
  void sweeper.go();
  const letters = await deadLetters(settings, openDeadLetters);

  /** A segment without its key waits for another start. */
  async function unlock(segment: Segment): Promise<void> {
    try {
      await records.unlock(segment);
    } catch (error) {
      // Anything else is seen to when its records are read.
      if (ExportError.is(error) && error.code === "forbidden") lockOut(segment, error);
    }
  }

  function lockOut(segment: Segment, error: ExportError): void {
    if (segment.lockedOut !== undefined) return;
    for (const { name } of consumers) {
      const one = consumers.find((candidate) => candidate.name === name && drains.has(name));
      // What can't be read now is not waited for.
      for (const sequence of sequencesOf(segment)) {
        if (one !== undefined && segment.has(sequence) && !one.isSettled(segment, sequence)) waiting.settled(sequence);
      }
    }
    segment.lockedOut = error;
    onEvent({ kind: "locked-out", segment: segment.name, error });
  }

  function onStored(group: readonly Stored[]): void {
    disk.works();
    for (const { sequence, segment, batch, bytes } of group) {
      const { signal, tenant, items } = batch;
      const entry = segment.get(sequence) as Entry;
      synced = { batches: synced.batches + 1, items: synced.items + items };
      for (const one of consumers) {
        one.queue(entry);
        drains.get(one.name)?.drain.push(sequence, tenant);
      }
      if (drains.size > 0) recent.put(sequence, { batch, acceptedAtMs: entry.acceptedAtMs });
      onEvent({ kind: "stored", signal, tenant, items, bytes });
    }
    for (const its of drains.values()) its.drain.go();
  }

  function onSettled(one: Consumer, segment: Segment, sequence: number, bytes: number): void {
    if (consumers.every((other) => other.isSettled(segment, sequence))) recent.remove(sequence);
    rate.left(bytes / consumers.length);
    if (one.isDoneWith(segment) && (!segment.open || space.wanted)) void giveBack();
    if (drains.has(one.name) && segment.lockedOut === undefined) waiting.settled(sequence);
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

  function startDrain(next: Sender, options: DrainOptions = {}): void {
    const name = options.consumer ?? "default";
    if (drains.has(name)) throw new RangeError(`queue: the consumer "${name}" has a drain already`);
    const one = consumerOf(name);
    const its = delivery(one, { ...settings, catalog, records, recent, notes, books, lockOut, keep: letters.keep });
    const starting = drain(name, next, options, its);
    drains.set(name, { next, drain: starting, delivery: its });
    for (const { segment, sequence } of books.unsettled(one)) starting.push(sequence, segment.get(sequence)?.tenant);
    starting.go();
  }

  /** The oldest segment goes, with whatever of it was not delivered. */
  async function dropOldest(): Promise<boolean> {
    await sweeper.go();
    const [oldest] = catalog.segments;
    if (oldest === undefined) return false;
    if (oldest.open) await writer.endSegment();
    // It may have been delivered meanwhile.
    if (!catalog.segments.includes(oldest)) return true;
    if (consumers.length === 0) consumerOf("default");
    for (const one of consumers) books.drop(one, oldest, sequencesOf(oldest), "full");
    oldest.lockedOut = undefined;
    await sweeper.go();
    return true;
  }

  /** The segment that is written to goes as well when it was delivered, if that is what fills the queue. */
  async function giveBack(): Promise<void> {
    const last = catalog.segments.at(-1);
    const delivered = last !== undefined && consumers.length > 0 && consumers.every((one) => one.isDoneWith(last));
    if (last?.open === true && delivered) await writer.endSegment();
    await sweeper.go();
  }

  async function forget(name: string): Promise<void> {
    const one = consumers.find((candidate) => candidate.name === name);
    if (one === undefined) return;
    if (drains.has(name)) throw new RangeError(`queue: the consumer "${name}" has a drain`);
    for (const segment of catalog.segments) books.drop(one, segment, sequencesOf(segment), "removed");
    consumers.splice(consumers.indexOf(one), 1);
    await notes.checkpoint();
    await sweeper.go();
  }

  async function flush(signal?: AbortSignal): Promise<void> {
    await door.idle();
    const before = writer.next.sequence;
    let left = 0;
    for (const one of consumers) if (drains.has(one.name)) for (const _ of books.unsettled(one, before)) left++;
    await waiting.wait(before, left, signal);
  }

  async function remove(sequences: readonly number[]): Promise<number> {
    if (consumers.length === 0) consumerOf("default");
    const removed = new Set<number>();
    for (const sequence of sequences) {
      const segment = catalog.find(sequence);
      for (const one of consumers) {
        if (segment !== undefined && books.drop(one, segment, [sequence], "removed").batches > 0) removed.add(sequence);
      }
    }
    await notes.checkpoint();
    await sweeper.go();
    return removed.size;
  }

  async function check(): Promise<void> {
    if (consumers.length === 0 && catalog.segments.length > 0) consumerOf("default");
    for (const one of consumers) {
      for (const { segment, sequence } of books.unsettled(one)) {
        try {
          await records.read(segment, sequence);
        } catch (error) {
          if (!ExportError.is(error)) throw error;
          if (error.code === "forbidden") lockOut(segment, error);
          else if (error.code === "invalid") await books.damaged(one, segment, sequence);
          else throw error;
        }
      }
    }
    await notes.checkpoint();
    await sweeper.go();
  }

  async function close(): Promise<void> {
    door.close();
    for (const its of drains.values()) its.drain.stop();
    // What waits behind for better times is told now; what is on its way may end.
    const closed = Promise.allSettled([...drains.values()].map(({ next }) => next.close()));
    const idle = Promise.all([...drains.values()].map((its) => its.drain.idle()));
    await writer.idle();
    await within(idle, settings.closeGraceMs);
    for (const its of drains.values()) its.drain.abort();
    await within(Promise.all([idle, closed]), abortGraceMs);
    await letters.close();
    await writer.close();
    await sweeper.go();
    books.stop();
    waiting.close();
    await notes.checkpoint();
    await notes.close();
    await records.close();
  }

  function within(work: Promise<unknown>, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = setTimer(resolve, ms);
      void work.finally(() => {
        cancel();
        resolve();
      });
    });
  }

  const ageOf = (entry: Entry | undefined): number =>
    entry === undefined ? 0 : Math.max(0, wallClock() - entry.acceptedAtMs);

  function facts(): QueueFacts {
    const all = consumers.map((one) => {
      const its = drains.get(one.name);
      return consumerFacts(one, its?.drain, its?.delivery.repeated, writer.next, ageOf(one.oldest(catalog)));
    });
    const most = (of: (one: (typeof all)[number]) => number): number => Math.max(...all.map(of));
    return {
      bytes: catalog.bytes,
      maxBytes: settings.maxBytes,
      segments: catalog.segments.length,
      queued:
        all.length === 0
          ? amountOf(catalog)
          : { batches: most((one) => one.books.queued.batches), items: most((one) => one.books.queued.items) },
      oldestAgeMs: all.length === 0 ? ageOf(oldestOf(catalog)) : most((one) => one.oldestAgeMs),
      diskError: disk.error,
      drainBytesPerSecond: rate.bytesPerSecond,
      consumers: all,
      deadLetters: letters.facts(),
      lockedOut: [...found.foreign, ...catalog.segments.filter(({ lockedOut }) => lockedOut)].map(({ name }) => name),
      syncs: writer.syncs,
      synced,
    };
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
    remove,
    check,
    rewrap: () => rewrap(files, folder, catalog.segments, settings.encryption),
    deadLetters: () => letters.opened(),
    facts,
    close: () => (closing ??= close()),
  };
  return queue;
}

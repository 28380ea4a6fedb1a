import { type Ack, accepted, type Batch, ExportError, type Sender, type SendOptions } from "@otlpkit/core";
import { appender, type Position, recordBytesOf, type Stored } from "./appender.ts";
import type { Outcome } from "./books.ts";
import { cache } from "./cache.ts";
import type { Entry, Segment } from "./catalog.ts";
import { consumer, type Consumer } from "./consumer.ts";
import { diskState } from "./disk-state.ts";
import { type Drain, drain } from "./drain.ts";
import { drainRate } from "./drain-rate.ts";
import type { Amount } from "./events.ts";
import { deadFolderOf, markOf } from "./layout.ts";
import type { DrainOptions, Settings } from "./options.ts";
import { progress } from "./progress.ts";
import type { ConsumerFacts, Queue, QueueFacts, Refusal } from "./queue.ts";
import { reader } from "./reader.ts";
import { type RecoveredQueue, snapshotOf } from "./recover.ts";
import { room } from "./room.ts";
import { segmentHeaderBytes } from "./segment-header.ts";
import { sweep } from "./sweep.ts";

/** A queue, with what only another queue may do with it. */
export interface DurableQueue extends Queue {
  close: () => Promise<void>;
  /** Keeps a batch with the reason why it was refused. */
  keep(batch: Batch, refusal: Refusal): Promise<void>;
}

interface Draining {
  readonly next: Sender;
  readonly drain: Drain;
  readonly repeated: { batches: number; items: number };
  /** Begun before the queue was opened. */
  readonly mayRepeat: Set<number>;
}

/** After the grace of `close`, so much more for what was broken off. */
const abortGraceMs = 1000;

export async function durableQueue(
  settings: Settings,
  found: RecoveredQueue,
  tookMs: number,
  openDeadLetters: () => Promise<DurableQueue>,
): Promise<DurableQueue> {
  const { files, folder, now, wallClock, setTimer, onEvent } = settings;
  const { queueId, catalog, consumers, aside } = found;
  const disk = diskState(now, onEvent);
  const recent = cache(settings.cacheBytes);
  const rate = drainRate(now);
  const records = reader(files, folder, markOf(queueId), settings.encryption);
  const drains = new Map<string, Draining>();
  const recovered = { ...found.report, tookMs };
  let nextConsumer = found.nextConsumer;
  let deadLetters: Promise<DurableQueue> | undefined;
  let deadLetterFacts: (() => QueueFacts) | undefined;
  let synced: Amount = { batches: 0, items: 0 };
  let flushes: { readonly before: number; left: number; readonly done: () => void }[] = [];
  /** Nothing is written any more; what is answered now will be repeated. */
  let finished = false;
  let closing: Promise<void> | undefined;

  const writer = appender({
    ...settings,
    queueId,
    catalog,
    next: found.next,
    nextSegment: found.nextSegment,
    onStored,
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
  const sweeper = sweep({
    files,
    folder,
    catalog,
    consumers,
    reader: records,
    progress: () => notes,
    done: found.done,
    onFailure: disk.failed,
    onFreed: () => door.freed(),
  });
  const door = room({
    ...settings,
    // The header of a segment that is begun meanwhile must fit as well.
    maxBytes: settings.maxBytes - segmentHeaderBytes,
    usedBytes: () => catalog.bytes,
    stopped: disk.stopped,
    msToFree: rate.msFor,
    dropOldest,
  });

  for (const { name, error } of found.foreign) onEvent({ kind: "locked-out", segment: name, error });
  for (const segment of catalog.segments) await unlock(segment);
  await notes.checkpoint();
  void sweeper.go();
  if (await hasDeadLetters()) await deadLetterQueue().catch(() => undefined);

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
    segment.lockedOut = error;
    onEvent({ kind: "locked-out", segment: segment.name, error });
  }

  async function send(batch: Batch, options: SendOptions): Promise<Ack> {
    try {
      if (closing !== undefined) throw new ExportError("closed", `cannot queue ${batch.signal}: the queue is closed`);
      if (options.signal?.aborted === true)
        throw new ExportError("cancelled", `cannot queue ${batch.signal}: the caller gave up`);
      if (options.deadline !== undefined && options.deadline <= now()) throw outOfTime(batch);
      await inTime(store(batch, options), batch, options);
      return accepted;
    } catch (thrown) {
      const error = ExportError.from(thrown, `cannot queue ${batch.signal}`);
      onEvent({ kind: "refused", signal: batch.signal, tenant: batch.tenant, items: batch.items, error });
      throw error;
    }
  }

  async function store(batch: Batch, options: SendOptions, refusal?: Refusal): Promise<void> {
    const bytes = recordBytesOf(batch);
    if (bytes > settings.maxBytes - 2 * segmentHeaderBytes) {
      throw new ExportError(
        "too-large",
        `cannot queue ${batch.signal}: the batch has ${bytes} bytes, and the queue ${settings.maxBytes}`,
      );
    }
    await door.take(bytes, options);
    try {
      if (closing !== undefined) throw new ExportError("closed", `cannot queue ${batch.signal}: the queue is closed`);
      await writer.append(batch, refusal);
    } finally {
      door.release(bytes);
    }
  }

  /** The answer, unless the caller stops waiting for it first; it may be kept all the same. */
  function inTime(stored: Promise<void>, batch: Batch, { deadline, signal }: SendOptions): Promise<void> {
    if (deadline === undefined && signal === undefined) return stored;
    return new Promise((resolve, reject) => {
      const cancel = deadline === undefined ? undefined : setTimer(() => reject(outOfTime(batch)), deadline - now());
      const onAbort = (): void => reject(new ExportError("cancelled", `queueing ${batch.signal} was cancelled`));
      signal?.addEventListener("abort", onAbort, { once: true });
      stored.then(resolve, reject).finally(() => {
        cancel?.();
        signal?.removeEventListener("abort", onAbort);
      });
    });
  }

  function onStored(group: readonly Stored[]): void {
    disk.works();
    for (const { sequence, segment, batch, bytes } of group) {
      const entry = segment.get(sequence);
      if (entry === undefined) continue;
      const { acceptedAtMs } = entry;
      synced = { batches: synced.batches + 1, items: synced.items + batch.items };
      for (const one of consumers) {
        one.queue(entry);
        drains.get(one.name)?.drain.push(sequence, batch.tenant);
      }
      if (drains.size > 0) recent.put(sequence, { batch, acceptedAtMs });
      onEvent({ kind: "stored", signal: batch.signal, tenant: batch.tenant, items: batch.items, bytes });
    }
    for (const { drain } of drains.values()) drain.go();
  }

  function consumerOf(name: string): Consumer {
    const known = consumers.find((one) => one.name === name);
    if (known !== undefined) return known;
    const [oldest] = catalog.segments;
    const start: Position =
      oldest === undefined ? writer.next : { sequence: oldest.firstSequence, items: oldest.header.itemsBefore };
    const made = consumer({ id: nextConsumer++, name, start, accounts: [], settled: [], begun: [] });
    for (const segment of catalog.segments) made.attach(segment);
    made.enterMissing(writer.next);
    consumers.push(made);
    void notes.checkpoint();
    return made;
  }

  function startDrain(next: Sender, options: DrainOptions = {}): void {
    const name = options.consumer ?? "default";
    if (drains.has(name)) throw new RangeError(`queue: the consumer "${name}" has a drain already`);
    const one = consumerOf(name);
    const repeated = { batches: 0, items: 0 };
    const mayRepeat = new Set(one.begun);
    const entryOf = (sequence: number): Segment | undefined => {
      const segment = catalog.find(sequence);
      const there =
        segment?.has(sequence) === true && segment.lockedOut === undefined && !one.isSettled(segment, sequence);
      return there ? segment : undefined;
    };
    const done = (sequence: number, outcome: Outcome, rejectedItems = 0): boolean => {
      const segment = entryOf(sequence);
      return segment !== undefined && settleRecord(one, segment, sequence, outcome, rejectedItems);
    };
    const its = drain(name, next, options, {
      now,
      wallClock,
      setTimer,
      random: settings.random,
      async load(sequence) {
        const segment = entryOf(sequence);
        const entry = segment?.get(sequence);
        if (segment === undefined || entry === undefined) return undefined;
        if (wallClock() - entry.acceptedAtMs > settings.maxAgeMs) {
          if (done(sequence, "expired")) dropped(one, entry.tenant, "expired", 1, entry.items);
          return undefined;
        }
        const kept = recent.get(sequence);
        if (kept !== undefined) return kept;
        try {
          return await records.read(segment, sequence);
        } catch (error) {
          if (!ExportError.is(error)) throw error;
          if (error.code === "forbidden") {
            lockOut(segment, error);
            return undefined;
          }
          if (error.code !== "invalid") throw error;
          await damaged(segment, sequence);
          if (done(sequence, "damaged")) dropped(one, entry.tenant, "damaged", 1, entry.items);
          return undefined;
        }
      },
      async begin(sequence) {
        one.begun.add(sequence);
        const items = entryOf(sequence)?.get(sequence)?.items ?? 0;
        await notes.note({ consumer: one.id, sequence, outcome: undefined, items, rejectedItems: 0 });
      },
      delivered(sequence, batch, acceptedAtMs, ack) {
        if (!done(sequence, "delivered", ack.rejectedItems)) return;
        const again = mayRepeat.delete(sequence);
        if (again) {
          repeated.batches++;
          repeated.items += batch.items;
        }
        const rejectedItems = Math.min(ack.rejectedItems, batch.items);
        onEvent({
          kind: "delivered",
          consumer: name,
          signal: batch.signal,
          tenant: batch.tenant,
          items: batch.items - rejectedItems,
          rejectedItems,
          message: ack.message,
          ageMs: Math.max(0, wallClock() - acceptedAtMs),
          repeated: again,
        });
      },
      async refused(sequence, batch, refusal, error) {
        const kind = settings.deadLetterBytes > 0 ? "dead-lettered" : "rejected";
        if (kind === "dead-lettered") await (await deadLetterQueue()).keep(batch, refusal);
        if (!done(sequence, kind)) return;
        const { signal, tenant, items } = batch;
        onEvent({ kind, consumer: name, signal, tenant, sequence, items, error });
      },
      failed(sequence, tenant, attempt, delayMs, error) {
        onEvent({ kind: "failed", consumer: name, tenant, sequence, attempt, delayMs, error });
      },
    });
    drains.set(name, { next, drain: its, repeated, mayRepeat });
    for (const { segment, sequence } of unsettled(one)) its.push(sequence, segment.get(sequence)?.tenant);
    its.go();
  }

  function settleRecord(
    one: Consumer,
    segment: Segment,
    sequence: number,
    outcome: Outcome,
    rejectedItems = 0,
  ): boolean {
    const entry = segment.get(sequence);
    if (finished || entry === undefined || !one.settle(segment, sequence, outcome, rejectedItems)) return false;
    void notes.note({ consumer: one.id, sequence, outcome, items: entry.items, rejectedItems });
    if (consumers.every((other) => other.isSettled(segment, sequence))) recent.remove(sequence);
    rate.left(entry.bytes / consumers.length);
    if (!segment.open && one.isDoneWith(segment)) void sweeper.go();
    if (drains.has(one.name)) {
      for (const flush of flushes) if (sequence < flush.before && --flush.left === 0) flush.done();
    }
    return true;
  }

  function dropped(
    one: Consumer,
    tenant: string | undefined,
    reason: "full" | "expired" | "removed" | "damaged",
    batches: number,
    items: number,
  ): void {
    onEvent({ kind: "dropped", consumer: one.name, tenant, reason, batches, items });
  }

  async function damaged(segment: Segment, sequence: number): Promise<void> {
    const entry = segment.get(sequence);
    if (entry === undefined) return;
    const { offset, bytes } = entry;
    recovered.damagedPlaces++;
    let file: string | undefined;
    try {
      ({ file } = await aside.keep({ segment: segment.name, offset, bytes }));
    } catch (error) {
      disk.failed("keep a damaged record aside", error);
    }
    onEvent({ kind: "damage", segment: segment.name, offset, bytes, file });
  }

  /** The oldest segment goes, with whatever of it was not delivered. */
  async function dropOldest(): Promise<boolean> {
    await sweeper.go();
    let [oldest] = catalog.segments;
    if (oldest === undefined) return false;
    if (oldest.open) await writer.endSegment();
    [oldest] = catalog.segments;
    if (oldest === undefined || oldest.open) return true;
    if (consumers.length === 0) consumerOf("default");
    for (const one of consumers) settleAll(one, oldest, "full");
    oldest.lockedOut = undefined;
    await sweeper.go();
    return true;
  }

  function settleAll(one: Consumer, segment: Segment, outcome: "full" | "removed"): void {
    const amounts = new Map<string | undefined, { batches: number; items: number }>();
    const end = segment.firstSequence + segment.length;
    for (let sequence = segment.firstSequence; sequence < end; sequence++) {
      const entry = segment.get(sequence);
      if (entry === undefined || !settleRecord(one, segment, sequence, outcome)) continue;
      const amount = amounts.get(entry.tenant) ?? { batches: 0, items: 0 };
      amount.batches++;
      amount.items += entry.items;
      amounts.set(entry.tenant, amount);
    }
    for (const [tenant, { batches, items }] of amounts) dropped(one, tenant, outcome, batches, items);
  }

  async function hasDeadLetters(): Promise<boolean> {
    if (settings.deadLetterBytes === 0) return false;
    try {
      return (await files.list(deadFolderOf(folder))).length > 0;
    } catch {
      return false;
    }
  }

  function deadLetterQueue(): Promise<DurableQueue> {
    // A folder that can't be opened now may be later.
    deadLetters ??= openDeadLetters().then(
      (opened) => {
        deadLetterFacts = opened.facts;
        return opened;
      },
      (error: unknown) => {
        deadLetters = undefined;
        throw error;
      },
    );
    return deadLetters;
  }

  async function forget(name: string): Promise<void> {
    const one = consumers.find((candidate) => candidate.name === name);
    if (one === undefined) return;
    if (drains.has(name)) throw new RangeError(`queue: the consumer "${name}" has a drain`);
    for (const segment of catalog.segments) settleAll(one, segment, "removed");
    consumers.splice(consumers.indexOf(one), 1);
    await notes.checkpoint();
    await sweeper.go();
  }

  async function flush(signal?: AbortSignal): Promise<void> {
    await writer.idle();
    const before = writer.next.sequence;
    const waitsFor = consumers.filter(({ name }) => drains.has(name));
    let left = 0;
    for (const one of waitsFor) for (const _ of unsettled(one, before)) left++;
    if (left === 0) return;
    await new Promise<void>((resolve, reject) => {
      const end = (settled: () => void): void => {
        signal?.removeEventListener("abort", onAbort);
        flushes = flushes.filter((one) => one !== flush);
        settled();
      };
      const onAbort = (): void =>
        end(() => reject(new ExportError("cancelled", "the caller stopped waiting for the queue to be empty")));
      const flush = { before, left, done: () => end(resolve) };
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      flushes = [...flushes, flush];
    });
  }

  /** What a consumer is still to get, and can. */
  function* unsettled(
    one: Consumer,
    before = Infinity,
  ): Generator<{ readonly segment: Segment; readonly sequence: number }> {
    for (const segment of catalog.segments) {
      if (segment.lockedOut !== undefined) continue;
      const end = Math.min(segment.firstSequence + segment.length, before);
      for (let sequence = segment.firstSequence; sequence < end; sequence++) {
        if (segment.has(sequence) && !one.isSettled(segment, sequence)) yield { segment, sequence };
      }
    }
  }

  async function close(): Promise<void> {
    door.close();
    for (const { drain } of drains.values()) drain.stop();
    // What waits behind for better times is told now; what is on its way may end.
    const closed = Promise.allSettled([...drains.values()].map(({ next }) => next.close()));
    const idle = Promise.all([...drains.values()].map((one) => one.drain.idle()));
    await writer.idle();
    await within(idle, settings.closeGraceMs);
    for (const { drain } of drains.values()) drain.abort();
    await within(Promise.all([idle, closed]), abortGraceMs);
    await (await deadLetters?.catch(() => undefined))?.close();
    await writer.close();
    await sweeper.go();
    await notes.checkpoint();
    finished = true;
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

  function oldestThere(): Entry | undefined {
    const [oldest] = catalog.segments;
    return oldest?.get(oldest.firstSequence);
  }

  const ageOf = (entry: Entry | undefined): number =>
    entry === undefined ? 0 : Math.max(0, wallClock() - entry.acceptedAtMs);

  function factsOf(one: Consumer): ConsumerFacts {
    const its = drains.get(one.name);
    const { sequence, items } = writer.next;
    return {
      name: one.name,
      draining: its !== undefined,
      books: one.ledger.total({ batches: sequence - one.start.sequence, items: items - one.start.items }),
      tenants: one.ledger.tenants(),
      underWay: its?.drain.underWay ?? 0,
      waiting: its?.drain.waiting ?? 0,
      repeated: { ...(its?.repeated ?? { batches: 0, items: 0 }) },
      oldestAgeMs: ageOf(one.oldest(catalog)),
    };
  }

  function facts(): QueueFacts {
    const all = consumers.map(factsOf);
    const there = catalog.segments.reduce(
      (sum, { records, items }) => ({ batches: sum.batches + records, items: sum.items + items }),
      { batches: 0, items: 0 },
    );
    const kept = deadLetterFacts?.() ?? { queued: { batches: 0, items: 0 }, bytes: 0 };
    const most = (of: (facts: ConsumerFacts) => number): number => Math.max(0, ...all.map(of));
    return {
      bytes: catalog.bytes,
      maxBytes: settings.maxBytes,
      segments: catalog.segments.length,
      queued:
        all.length === 0
          ? there
          : { batches: most(({ books }) => books.queued.batches), items: most(({ books }) => books.queued.items) },
      oldestAgeMs: all.length === 0 ? ageOf(oldestThere()) : most(({ oldestAgeMs }) => oldestAgeMs),
      diskError: disk.error,
      drainBytesPerSecond: rate.bytesPerSecond,
      consumers: all,
      deadLetters: { ...kept.queued, bytes: kept.bytes },
      lockedOut: [
        ...found.foreign.map(({ name }) => name),
        ...catalog.segments.filter(({ lockedOut }) => lockedOut !== undefined).map(({ name }) => name),
      ],
      syncs: writer.syncs,
      synced,
    };
  }
  const queue: DurableQueue = {
    recovered,
    send,
    keep: async (batch, refusal) => {
      await store(batch, {}, refusal);
    },
    drain: startDrain,
    stage: (options) => (next) => {
      startDrain(next, options);
      return { send, close: () => queue.close() };
    },
    flush,
    forget,
    facts,
    close: () => (closing ??= close()),
  };
  return queue;
}

function outOfTime(batch: Batch): ExportError {
  return new ExportError("timeout", `cannot queue ${batch.signal}: the deadline passed before it was safe`);
}

import type { Appender } from "./appender.ts";
import type { Catalog, Entry } from "./catalog.ts";
import type { Consumer } from "./consumer.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { DiskState } from "./disk-state.ts";
import type { DrainRate } from "./drain-rate.ts";
import type { Drains } from "./drains.ts";
import type { Amount } from "./events.ts";
import type { Settings } from "./options.ts";
import type { ConsumerFacts, QueueFacts } from "./queue.ts";

export interface FactsOptions extends Pick<Settings, "maxBytes" | "wallClock"> {
  readonly catalog: Catalog;
  readonly consumers: readonly Consumer[];
  readonly foreign: readonly { readonly name: string }[];
  readonly writer: Appender;
  readonly delivering: Drains;
  readonly letters: DeadLetters;
  readonly disk: DiskState;
  readonly rate: DrainRate;
}

/** The queue as it stands; `synced`: what was made safe so far. */
export function queueFacts(options: FactsOptions, synced: Amount): QueueFacts {
  const { catalog, foreign, writer, letters, disk, rate, maxBytes } = options;
  const consumers = options.consumers.map((one) => consumerFacts(one, options));
  const most = (of: (one: ConsumerFacts) => number): number => Math.max(...consumers.map(of));
  return {
    bytes: catalog.bytes,
    maxBytes,
    segments: catalog.segments.length,
    queued:
      consumers.length === 0
        ? amountOf(catalog)
        : { batches: most(({ books }) => books.queued.batches), items: most(({ books }) => books.queued.items) },
    oldestAgeMs: consumers.length === 0 ? ageOf(oldestOf(catalog), options) : most(({ oldestAgeMs }) => oldestAgeMs),
    diskError: disk.error,
    drainBytesPerSecond: rate.bytesPerSecond,
    consumers,
    deadLetters: letters.facts(),
    lockedOut: [...foreign, ...catalog.segments.filter(({ lockedOut }) => lockedOut)].map(({ name }) => name),
    syncs: writer.syncs,
    synced,
  };
}

function consumerFacts(one: Consumer, options: FactsOptions): ConsumerFacts {
  const { name, start, ledger } = one;
  const { next } = options.writer;
  const its = options.delivering.get(name);
  const { batches = 0, items = 0 } = its?.delivery.repeated ?? {};
  return {
    name,
    draining: its !== undefined,
    books: ledger.total({ batches: next.sequence - start.sequence, items: next.items - start.items }),
    tenants: ledger.tenants(),
    underWay: its?.drain.underWay ?? 0,
    waiting: its?.drain.waiting ?? 0,
    repeated: { batches, items },
    oldestAgeMs: ageOf(one.oldest(options.catalog), options),
  };
}

function ageOf(entry: Entry | undefined, { wallClock }: FactsOptions): number {
  return entry === undefined ? 0 : Math.max(0, wallClock() - entry.acceptedAtMs);
}

/** What is on disk, whoever has got it. */
export function amountOf({ segments }: Catalog): Amount {
  return segments.reduce((sum, { records, items }) => ({ batches: sum.batches + records, items: sum.items + items }), {
    batches: 0,
    items: 0,
  });
}

/** The oldest record on disk. */
function oldestOf({ segments }: Catalog): Entry | undefined {
  const [oldest] = segments;
  for (let index = 0; index < (oldest?.length ?? 0); index++) {
    const entry = oldest?.get(oldest.firstSequence + index);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

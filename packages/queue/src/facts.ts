import type { Position } from "./appender.ts";
import type { Catalog, Entry } from "./catalog.ts";
import type { Consumer } from "./consumer.ts";
import type { Drain } from "./drain.ts";
import type { Amount } from "./events.ts";
import type { ConsumerFacts } from "./queue.ts";

export function consumerFacts(
  one: Consumer,
  drain: Drain | undefined,
  repeated: Amount | undefined,
  { sequence, items }: Position,
  oldestAgeMs: number,
): ConsumerFacts {
  return {
    name: one.name,
    draining: drain !== undefined,
    books: one.ledger.total({ batches: sequence - one.start.sequence, items: items - one.start.items }),
    tenants: one.ledger.tenants(),
    underWay: drain?.underWay ?? 0,
    waiting: drain?.waiting ?? 0,
    repeated: { batches: repeated?.batches ?? 0, items: repeated?.items ?? 0 },
    oldestAgeMs,
  };
}

/** What is on disk, whoever has got it. */
export function amountOf({ segments }: Catalog): Amount {
  return segments.reduce((sum, { records, items }) => ({ batches: sum.batches + records, items: sum.items + items }), {
    batches: 0,
    items: 0,
  });
}

/** The oldest record on disk. */
export function oldestOf({ segments }: Catalog): Entry | undefined {
  const [oldest] = segments;
  for (let index = 0; index < (oldest?.length ?? 0); index++) {
    const entry = oldest?.get(oldest.firstSequence + index);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

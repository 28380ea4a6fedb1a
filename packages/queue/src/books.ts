import type { Amount, DropReason } from "./events.ts";
import type { Books } from "./queue.ts";

/** What may become of a batch. */
export type Outcome = "delivered" | "rejected" | "dead-lettered" | DropReason;

/** In the order of their numbers on disk. */
export const outcomes: readonly Outcome[] = [
  "delivered",
  "rejected",
  "dead-lettered",
  "full",
  "expired",
  "removed",
  "damaged",
];

/** Batches and items for each outcome, in the order of {@link outcomes}: b0, i0, b1, i1, … */
export type Figures = readonly number[];

/** The account of one tenant at one consumer. */
interface Account {
  readonly figures: number[];
  queuedBatches: number;
  queuedItems: number;
}

/** Who has how much, by tenant. */
export interface Ledger {
  queue(tenant: string | undefined, items: number): void;
  /** Takes a batch out of what is queued. */
  unqueue(tenant: string | undefined, items: number): void;
  settle(tenant: string | undefined, outcome: Outcome, items: number, rejectedItems: number, batches?: number): void;
  readonly queued: Amount;
  /** All that is not queued. */
  readonly settled: Amount;
  total(accepted: Amount): Books;
  tenants(): ReadonlyMap<string | undefined, Books>;
  /** For the next start; without what is queued. */
  snapshot(): [string | null, Figures][];
}

/** Names come from outside, so there may be any number of them. */
const maxTenants = 1000;
const otherTenants = "(other tenants)";

export function ledger(before: readonly (readonly [string | null, Figures])[] = []): Ledger {
  const accounts = new Map<string | undefined, Account>();
  for (const [tenant, figures] of before) {
    accounts.set(tenant ?? undefined, { figures: [...figures], queuedBatches: 0, queuedItems: 0 });
  }

  const accountOf = (tenant: string | undefined): Account => {
    const known = accounts.get(tenant);
    if (known !== undefined) return known;
    if (accounts.size >= maxTenants && tenant !== undefined && tenant !== otherTenants) return accountOf(otherTenants);
    const made = { figures: outcomes.flatMap(() => [0, 0]), queuedBatches: 0, queuedItems: 0 };
    accounts.set(tenant, made);
    return made;
  };
  const all = (): Account =>
    [...accounts.values()].reduce(
      (sum, { figures, queuedBatches, queuedItems }) => ({
        figures: sum.figures.map((figure, index) => figure + (figures[index] ?? 0)),
        queuedBatches: sum.queuedBatches + queuedBatches,
        queuedItems: sum.queuedItems + queuedItems,
      }),
      { figures: outcomes.flatMap(() => [0, 0]), queuedBatches: 0, queuedItems: 0 },
    );

  return {
    queue(tenant, items) {
      const account = accountOf(tenant);
      account.queuedBatches++;
      account.queuedItems += items;
    },
    unqueue(tenant, items) {
      const account = accountOf(tenant);
      account.queuedBatches--;
      account.queuedItems -= items;
    },
    settle(tenant, outcome, items, rejectedItems, batches = 1) {
      const { figures } = accountOf(tenant);
      const rejected = Math.min(rejectedItems, items);
      add(figures, outcome, batches, items - rejected);
      add(figures, "rejected", 0, rejected);
    },
    get queued() {
      const { queuedBatches, queuedItems } = all();
      return { batches: queuedBatches, items: queuedItems };
    },
    get settled() {
      return sumOf(all().figures);
    },
    total: (accepted) => ({ ...booksOf(all()), accepted }),
    tenants: () => new Map([...accounts].map(([tenant, account]) => [tenant, booksOf(account)])),
    snapshot: () => [...accounts].map(([tenant, { figures }]) => [tenant ?? null, [...figures]]),
  };
}

function add(figures: number[], outcome: Outcome, batches: number, items: number): void {
  const at = outcomes.indexOf(outcome) * 2;
  (figures[at] as number) += batches;
  (figures[at + 1] as number) += items;
}

/** The sum of all outcomes. */
function sumOf(figures: Figures): { batches: number; items: number } {
  const sum = { batches: 0, items: 0 };
  for (let at = 0; at < figures.length; at += 2) {
    sum.batches += figures[at] as number;
    sum.items += figures[at + 1] as number;
  }
  return sum;
}

function booksOf({ figures, queuedBatches, queuedItems }: Account): Books {
  const of = (outcome: Outcome): Amount => {
    const at = outcomes.indexOf(outcome) * 2;
    return { batches: figures[at] ?? 0, items: figures[at + 1] ?? 0 };
  };
  const settled = sumOf(figures);
  return {
    accepted: { batches: settled.batches + queuedBatches, items: settled.items + queuedItems },
    delivered: of("delivered"),
    rejected: of("rejected"),
    deadLettered: of("dead-lettered"),
    dropped: { full: of("full"), expired: of("expired"), removed: of("removed"), damaged: of("damaged") },
    queued: { batches: queuedBatches, items: queuedItems },
  };
}

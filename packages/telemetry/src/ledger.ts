import { type Account, type Book, differenceOf, type Place, type Reasons, sumOf } from "./book.ts";

/** What became of the items, in sum (P4). */
export interface Ledger {
  /** Whether every account closes. */
  readonly closes: boolean;
  /** The accounts that do not, and by how many items. */
  readonly open: readonly (Place & { readonly difference: number })[];
  readonly destinations: Readonly<Record<string, Balance>>;
  readonly pipelines: Readonly<Record<string, Balance>>;
  /** The destinations' accounts by tenant; empty where nobody tells tenants apart. */
  readonly tenants: Readonly<Record<string, Balance>>;
}

/** Accounts added up. accepted + recovered = delivered + rejected + dropped + deadLettered + queued + difference. */
export interface Balance {
  readonly accepted: number;
  readonly recovered: number;
  readonly delivered: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly deadLettered: number;
  readonly queued: number;
  /** Accepted, and nobody knows where it is; negative when more went out than came in. */
  readonly difference: number;
  /** Sent back, and so never ours. */
  readonly refused: number;
  /** Sent although it may have arrived before. */
  readonly repeated: number;
  /** Why items were rejected, dropped, dead-lettered and refused; only what happened. */
  readonly reasons: Readonly<Partial<Record<"rejected" | "dropped" | "deadLettered" | "refused", Reasons>>>;
}

/** Adds the accounts up. `destinations` are shown even if nothing was ever sent there. */
export function readLedger(book: Book, destinations: readonly string[] = []): Ledger {
  const accounts = book.accounts();
  const atDestinations = accounts.filter(({ kind }) => kind === "destination");
  const atPipelines = accounts.filter(({ kind }) => kind === "pipeline");
  const unused = Object.fromEntries(destinations.map((name) => [name, balanceOf([])]));
  const open = accounts.flatMap((account) => {
    const { kind, name, tenant } = account;
    const difference = differenceOf(account);
    return difference === 0 ? [] : [{ kind, name, ...(tenant === undefined ? {} : { tenant }), difference }];
  });
  return {
    closes: open.length === 0,
    open,
    destinations: { ...unused, ...balances(atDestinations, ({ name }) => name) },
    pipelines: balances(atPipelines, ({ name }) => name),
    tenants: balances(atDestinations, ({ tenant }) => tenant),
  };
}

/** One balance for each key; accounts without one are left out. */
function balances(
  accounts: readonly Account[],
  keyOf: (account: Account) => string | undefined,
): Record<string, Balance> {
  const groups = new Map<string, Account[]>();
  for (const account of accounts) {
    const key = keyOf(account);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [account]);
    else group.push(account);
  }
  return Object.fromEntries([...groups].map(([key, group]) => [key, balanceOf(group)]));
}

function balanceOf(accounts: readonly Account[]): Balance {
  const sum = (of: (account: Account) => number): number => accounts.reduce((total, each) => total + of(each), 0);
  const reasons: { -readonly [Kind in keyof Balance["reasons"]]: Reasons } = {};
  for (const kind of ["rejected", "dropped", "deadLettered", "refused"] as const) {
    const all = new Map<string, number>();
    for (const [reason, items] of accounts.flatMap((account) => Object.entries(account[kind]))) {
      all.set(reason, (all.get(reason) ?? 0) + items);
    }
    if (all.size > 0) reasons[kind] = Object.fromEntries(all);
  }
  return {
    accepted: sum(({ accepted }) => accepted),
    recovered: sum(({ recovered }) => recovered),
    delivered: sum(({ delivered }) => delivered),
    rejected: sum(({ rejected }) => sumOf(rejected)),
    dropped: sum(({ dropped }) => sumOf(dropped)),
    deadLettered: sum(({ deadLettered }) => sumOf(deadLettered)),
    queued: sum(({ queued }) => queued),
    difference: sum(differenceOf),
    refused: sum(({ refused }) => sumOf(refused)),
    repeated: sum(({ repeated }) => repeated),
    reasons,
  };
}

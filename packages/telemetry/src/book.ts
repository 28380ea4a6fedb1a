/** What an account is kept for, by the name that the configuration gives it: a pipeline, or a destination with its queue. */
export interface Stop {
  readonly kind: "pipeline" | "destination";
  readonly name: string;
}

/** Whose account: the items of one tenant at one stop. */
export interface Place extends Stop {
  /** Absent where nobody tells tenants apart. */
  readonly tenant?: string | undefined;
}

/** How items leave the care of a stop. To be "delivered" a pipeline hands them to all its destinations. */
export type Settlement = "delivered" | "rejected" | "dropped" | "dead-lettered";

/**
 * One account. What comes in is `recovered + accepted`, what has gone out is `delivered + rejected + dropped +
 * deadLettered`, and what is held is `queued`.
 */
export interface Account extends Place {
  /** Items whose sender was told that they are taken. */
  readonly accepted: number;
  /** Items found in a queue at the start: the balance carried over. */
  readonly recovered: number;
  /** Items that the destination has taken. */
  readonly delivered: number;
  /** Items that the destination refused for good, by reason. */
  readonly rejected: Reasons;
  /** Items given up, by `policy/reason`. */
  readonly dropped: Reasons;
  /** Items laid aside in a file for people to look at, by reason. */
  readonly deadLettered: Reasons;
  /** Items held at the moment. */
  readonly queued: number;
  /** Items whose sender was told to come again or that they are not wanted, by reason: never ours, and not in the sum. */
  readonly refused: Reasons;
  /** Items that were or may have been sent twice. Not in the sum. */
  readonly repeated: number;
}

/** Numbers of items by reason. */
export type Reasons = Readonly<Record<string, number>>;

/** Where the items of a program are accounted for: everything accepted is delivered, rejected, dropped, dead-lettered or queued. */
export interface Book {
  /** The sender was told that the items are taken. */
  accepted(place: Place, items: number): void;
  /** The sender was told otherwise. */
  refused(place: Place, items: number, reason: string): void;
  /** A queue has found the items at its start; they are in `queued` from then on as well. */
  recovered(place: Place, items: number): void;
  /**
   * The items are out of our hands. The reason is a word from a small set (an error code, "partial success"), with the
   * policy in front for what was dropped: "drop_oldest/full".
   */
  settled(place: Place, items: number, how: Settlement, reason?: string): void;
  /** So many more items are held, or less when negative; for a stop that counts as it goes. */
  queued(place: Place, items: number): void;
  /** Asks, whenever the book is read, how many items a stop holds, by tenant; for one that knows it better. */
  holds(stop: Stop, read: () => Iterable<readonly [tenant: string | undefined, items: number]>): void;
  /** The items were sent although they may have arrived before. */
  repeated(place: Place, items: number): void;
  /** All accounts as they stand. */
  accounts(): readonly Account[];
}

export interface BookOptions {
  /** Tenants that have accounts of their own; those that come later share one named "other". Default 100. */
  readonly maxTenants?: number;
}

/** An account that is being kept. Maps, because reasons and tenants may be called "__proto__". */
type Open = {
  -readonly [Member in keyof Account]: Account[Member] extends Reasons ? Map<string, number> : Account[Member];
};

/** Reasons that one account tells apart; more would be a mistake of whoever gives them. */
const maxReasons = 50;

/** Opens an empty book. */
export function openBook({ maxTenants = 100 }: BookOptions = {}): Book {
  const accounts = new Map<string, Open>();
  const tenants = new Set<string>();
  const held: { readonly stop: Stop; readonly read: Parameters<Book["holds"]>[1] }[] = [];

  /** By the object that was given, since those who write often give the same. */
  const known = new WeakMap<Place, Open>();

  function at(place: Place): Open {
    let account = known.get(place);
    if (account === undefined) {
      account = find(place);
      known.set(place, account);
    }
    return account;
  }

  function find({ kind, name: stop, tenant = "" }: Place): Open {
    let name = tenant;
    if (name !== "" && !tenants.has(name)) {
      if (tenants.size < maxTenants) tenants.add(name);
      else name = "other";
    }
    const key = `${kind}\n${stop}\n${name}`;
    let account = accounts.get(key);
    if (account === undefined) {
      account = opened({ kind, name: stop, ...(name === "" ? {} : { tenant: name }) });
      accounts.set(key, account);
    }
    return account;
  }

  return {
    accepted: (place, items) => void (at(place).accepted += items),
    refused: (place, items, reason) => count(at(place).refused, reason, items),
    recovered: (place, items) => void (at(place).recovered += items),
    settled(place, items, how, reason = "unknown") {
      if (items === 0) return;
      const account = at(place);
      if (how === "delivered") account.delivered += items;
      else if (how === "rejected") count(account.rejected, reason, items);
      else if (how === "dropped") count(account.dropped, reason, items);
      else count(account.deadLettered, reason, items);
    },
    queued: (place, items) => void (at(place).queued += items),
    repeated: (place, items) => void (at(place).repeated += items),
    holds: (stop, read) => void held.push({ stop, read }),
    accounts() {
      for (const { stop, read } of held) {
        for (const account of accounts.values()) {
          if (account.kind === stop.kind && account.name === stop.name) account.queued = 0;
        }
        for (const [tenant, items] of read()) at({ ...stop, tenant }).queued += items;
      }
      return [...accounts.values()].map(readAccount);
    },
  };
}

function opened(place: Place): Open {
  const numbers = { accepted: 0, recovered: 0, delivered: 0, queued: 0, repeated: 0 };
  const reasons = { rejected: new Map(), dropped: new Map(), deadLettered: new Map(), refused: new Map() };
  return { ...place, ...numbers, ...reasons };
}

function readAccount(open: Open): Account {
  const { rejected, dropped, deadLettered, refused, ...rest } = open;
  return {
    ...rest,
    rejected: Object.fromEntries(rejected),
    dropped: Object.fromEntries(dropped),
    deadLettered: Object.fromEntries(deadLettered),
    refused: Object.fromEntries(refused),
  };
}

function count(reasons: Map<string, number>, reason: string, items: number): void {
  const key = reasons.has(reason) || reasons.size < maxReasons ? reason : "other";
  reasons.set(key, (reasons.get(key) ?? 0) + items);
}

/** The sum over all reasons. */
export function sumOf(reasons: Reasons): number {
  return Object.values(reasons).reduce((sum, items) => sum + items, 0);
}

/**
 * By how much an account does not close: 0 is right. Above 0, so many items were accepted and nobody knows where they
 * are; below 0, more went out than came in. While a batch is between two stages it may be off by that batch.
 */
export function differenceOf(account: Account): number {
  const { accepted, deadLettered, delivered, dropped, queued, recovered, rejected } = account;
  return accepted + recovered - (delivered + sumOf(rejected) + sumOf(dropped) + sumOf(deadLettered) + queued);
}

import { type DrainRate, drainRate } from "./drain-rate.ts";

/** What a fair budget knows of one tenant. */
export interface Account {
  /** Undefined for those together who are not in the books, since too many are. */
  readonly tenant: string | undefined;
  readonly weight: number;
  readonly rate: DrainRate;
  heldBytes: number;
  /** When what was refused so far will have gone, if it comes back as it was told; on the clock of `now`. */
  dueMs: number;
  /** It was refused so many bytes although they were its due, and is expected until `wantsUntilMs`. 0: none. */
  wantedBytes: number;
  wantsUntilMs: number;
}

/** The tenants of a fair budget, a bounded number of them. Present are those who hold something or are owed something. */
export interface Accounts {
  /** That of a tenant; of others together when too many are present. */
  of(tenant: string): Account;
  /** Adds to what a tenant holds. */
  hold(account: Account, bytes: number): void;
  /** Takes away what a tenant holds, the part that it holds together with others included; counts it as done if so. */
  release(tenant: string, bytes: number, isDone: boolean): void;
  /** Notes that a tenant is owed `bytes` until then. */
  owe(account: Account, bytes: number, untilMs: number): void;
  /** Whether somebody is owed something. */
  readonly someoneWants: boolean;
  /** Which part of all `account` is entitled to at the moment, from 0 to 1. */
  part(account: Account): number;
}

/** Makes no accounts yet. `weights` are those of tenants that do not weigh 1. */
export function accountsOf(weights: Readonly<Record<string, number>>, maxTenants: number, now: () => number): Accounts {
  const present = new Map<string | undefined, Account>();
  /** Remembered for how fast they were; who left first comes first. */
  const absent = new Map<string, Account>();
  const wanting = new Set<Account>();
  const others = open(undefined, 1);
  let presentWeight = 0;

  function open(tenant: string | undefined, weight: number): Account {
    return { tenant, weight, rate: drainRate(now), heldBytes: 0, dueMs: 0, wantedBytes: 0, wantsUntilMs: 0 };
  }

  function find(tenant: string): Account | undefined {
    return present.get(tenant) ?? absent.get(tenant);
  }

  function of(tenant: string): Account {
    const known = find(tenant);
    if (known !== undefined) return known;
    if (present.size + absent.size >= maxTenants) {
      const [longestGone] = absent.keys();
      if (longestGone === undefined) return others;
      absent.delete(longestGone);
    }
    const account = open(tenant, Object.hasOwn(weights, tenant) ? (weights[tenant] as number) : 1);
    absent.set(tenant, account);
    return account;
  }

  /** After a change: who holds or wants something is present, who does neither is not. */
  function settle(account: Account): void {
    const { tenant, wantedBytes, weight } = account;
    if (wantedBytes > 0) wanting.add(account);
    else wanting.delete(account);
    const isHere = isPresent(account);
    if (isHere === present.has(tenant)) return;
    if (isHere) {
      if (tenant !== undefined) absent.delete(tenant);
      present.set(tenant, account);
      presentWeight += weight;
    } else {
      present.delete(tenant);
      if (tenant !== undefined) absent.set(tenant, account);
      // Sums of fractions drift.
      presentWeight = present.size === 0 ? 0 : presentWeight - weight;
    }
  }

  function hold(account: Account, bytes: number): void {
    if (account.heldBytes === 0) account.rate.begin();
    account.heldBytes += bytes;
    if (bytes >= account.wantedBytes) account.wantedBytes = 0;
    settle(account);
  }

  function letGo(account: Account, bytes: number, isDone: boolean): void {
    account.heldBytes -= bytes;
    if (isDone) account.rate.released(bytes);
    settle(account);
  }

  return {
    of,
    hold,
    release(tenant, bytes, isDone) {
      const own = find(tenant);
      const ownBytes = Math.min(bytes, own?.heldBytes ?? 0);
      if (own !== undefined && ownBytes > 0) letGo(own, ownBytes, isDone);
      // Taken when there was no room in the books.
      const rest = Math.min(bytes - ownBytes, others.heldBytes);
      if (rest > 0) letGo(others, rest, isDone);
    },
    owe(account, bytes, untilMs) {
      account.wantedBytes = Math.max(account.wantedBytes, bytes);
      account.wantsUntilMs = untilMs;
      settle(account);
    },
    get someoneWants() {
      for (const account of wanting) {
        if (account.wantsUntilMs > now()) continue;
        account.wantedBytes = 0;
        settle(account);
      }
      return wanting.size > 0;
    },
    part(account) {
      return account.weight / (presentWeight + (isPresent(account) ? 0 : account.weight));
    },
  };
}

function isPresent({ heldBytes, wantedBytes }: Account): boolean {
  return heldBytes > 0 || wantedBytes > 0;
}

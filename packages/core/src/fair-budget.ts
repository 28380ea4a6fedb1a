import type { ByteBudget } from "./byte-budget.ts";
import { type Account, accountsOf } from "./fair-budget-accounts.ts";
import { drainRate } from "./drain-rate.ts";

/** Options of {@link fairBudget}. */
export interface FairBudgetOptions {
  /** The bound. */
  readonly maxBytes: number;
  /**
   * The part of it that is kept for those who hold less than their share: what is there for a tenant that comes while
   * others hold all the rest. Default 0.2; 0 where there is one tenant only. From 0 to 0.9.
   */
  readonly headroom?: number;
  /** How much more than others tenants are entitled to: `{ shop: 3 }`. Default 1 each; above 0. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Tenants known apart at a time; what further ones hold counts as one tenant's. Default 1,000, at least 1. */
  readonly maxTenants?: number;
  /** The shortest wait that is asked for. Default 100. */
  readonly minRetryAfterMs?: number;
  /** The longest wait that is asked for. Default 30,000: senders that are told more give up rather than wait. */
  readonly maxRetryAfterMs?: number;
  /** Milliseconds, for how fast bytes go. Default `performance.now`. */
  readonly now?: () => number;
  /** From 0 to below 1: waits are up to a fifth longer than computed, so that not all come back together. */
  readonly random?: () => number;
}

/** Asked of those who are refused before anything was seen to go. */
const unknownMs = 1000;
const jitter = 0.2;
/** Who was told when to come back is expected for that long, and a good while more: senders add waits of their own. */
const patience = 2;
const patienceMs = 2000;

/**
 * A budget that tenants share by weight when they want more than there is; while nobody else wants it, one may hold
 * everything but the headroom.
 *
 * - A tenant's share is its weight's part, among those present, of everything but the headroom. Within their share,
 *   tenants get whatever is there, the headroom included; beyond it, only what others leave, never of the headroom. So
 *   who sends too much is refused alone, and none of the others as long as the headroom has room for them.
 * - Who is refused within its share all the same (many came at once, or something large) is owed: nobody gets anything
 *   beyond a share until that one has had it, or did not come back.
 * - Waits are computed from how fast each tenant's bytes have been going, and grow with what it was refused before, so
 *   that those who were refused come back as fast as they can be taken.
 *
 * Callers that name no tenant are one tenant.
 *
 * @throws RangeError when an option makes no sense
 */
export function fairBudget(options: FairBudgetOptions): ByteBudget {
  const { maxBytes, headroom = 0.2, weights = {}, maxTenants = 1000 } = options;
  const { minRetryAfterMs = 100, maxRetryAfterMs = 30_000 } = options;
  const { now = () => performance.now(), random = Math.random } = options;
  check("headroom must be from 0 to 0.9", headroom >= 0 && headroom <= 0.9);
  check(
    "weights must be above 0",
    Object.values(weights).every((weight) => weight > 0 && weight < Infinity),
  );
  check("maxTenants must be 1 or more", maxTenants >= 1);
  check("minRetryAfterMs must be above 0", minRetryAfterMs > 0);
  check("maxRetryAfterMs must be as large as minRetryAfterMs", maxRetryAfterMs >= minRetryAfterMs);

  const sharedBytes = Math.floor(maxBytes * (1 - headroom));
  const accounts = accountsOf(weights, maxTenants, now);
  const rateOfAll = drainRate(now);
  let used = 0;

  const shareOf = (account: Account): number => sharedBytes * accounts.part(account);

  return {
    maxBytes,
    largestBytes: sharedBytes,
    get usedBytes() {
      return used;
    },
    reserve(bytes, tenant = "") {
      if (bytes < 0) {
        used = Math.max(0, used + bytes);
        accounts.release(tenant, -bytes, false);
        return true;
      }
      if (used + bytes > maxBytes) return false;
      const contested = accounts.someoneWants;
      const account = accounts.of(tenant);
      const isDue = account.heldBytes + bytes <= shareOf(account);
      if (!isDue && (contested || used + bytes > sharedBytes)) return false;
      if (used === 0) rateOfAll.begin();
      used += bytes;
      accounts.hold(account, bytes);
      return true;
    },
    release(bytes, tenant = "") {
      used = Math.max(0, used - bytes);
      rateOfAll.released(bytes);
      accounts.release(tenant, bytes, true);
    },
    retryAfterMs(bytes, tenant = "") {
      const account = accounts.of(tenant);
      const overShare = account.heldBytes + bytes - shareOf(account);
      const own = (size: number): number => account.rate.msFor(size) ?? ofAll(size);
      const ofAll = (size: number): number => rateOfAll.msFor(size) ?? unknownMs;
      const untilRoomMs =
        overShare <= 0 ? ofAll(used + bytes - maxBytes) : Math.min(own(overShare), ofAll(used + bytes - sharedBytes));
      account.dueMs = Math.min(Math.max(account.dueMs, now()) + own(bytes), now() + maxRetryAfterMs);
      const waitMs = Math.max(untilRoomMs, account.dueMs - now(), minRetryAfterMs);
      const delayMs = Math.min(waitMs, maxRetryAfterMs / (1 + jitter)) * (1 + jitter * random());
      if (overShare <= 0) accounts.owe(account, bytes, now() + patience * delayMs + patienceMs);
      return Math.round(Math.max(delayMs, minRetryAfterMs));
    },
  };
}

function check(rule: string, holds: boolean): void {
  if (!holds) throw new RangeError(`fair budget: ${rule}`);
}

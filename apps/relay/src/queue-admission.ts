import { type Batch, ExportError, type Middleware, type SendOptions } from "@otlpkit/core";
import type { Amount, QueueEvent } from "@otlpkit/queue";

/** What a queue on disk is asked, and who may come in. */
export interface AdmissionOptions {
  /** What a queue may hold, in the unit of `sizer`; for bytes, those on disk. */
  readonly capacity: number;
  readonly sizer: "requests" | "items" | "bytes";
  /**
   * How much more than others tenants are entitled to. Absent: tenants are not told apart, and everybody gets in as long
   * as there is room.
   */
  readonly weights?: Readonly<Record<string, number>>;
  /** Who finds no room waits rather than being refused. */
  readonly blocks: boolean;
  /** What the queue holds when it is opened, by tenant. */
  readonly held: Iterable<readonly [string | undefined, Amount]>;
  /** How it is now: bytes on disk, which go by whole files, and how fast they go. May cost something. */
  readonly facts: () => { readonly bytes: number; readonly drainBytesPerSecond: number };
  /** Told of each batch that is refused here. */
  readonly onRefused: (batch: Batch) => void;
  /** Milliseconds, the clock that deadlines are on. Default `performance.now`. */
  readonly now?: () => number;
}

/** The door of a queue on disk. */
export interface Admission {
  readonly stage: Middleware;
  /** To be told all that the queue tells. */
  hear(event: QueueEvent): void;
}

interface Account {
  items: number;
  batches: number;
  /** On disk, less the part of those that are done with; what of a file is its own is not known. */
  bytes: number;
}

/** The part that tenants can use who hold less than their share, when others hold all the rest. */
const headroom = 0.2;
const factsMs = 50;
const [shortestWaitMs, longestWaitMs, unknownWaitMs] = [100, 30_000, 1_000];

/**
 * Lets in what there is room for. Beyond four fifths of the capacity only tenants get in who hold no more than their
 * share, so that one that sends more than its destination takes is refused alone. Whoever is refused is told when to come
 * back: after those who were refused before, as fast as the queue drains.
 */
export function queueAdmission(options: AdmissionOptions): Admission {
  const { capacity, sizer, weights, blocks, onRefused, now = () => performance.now() } = options;
  const accounts = new Map<string, Account>();
  let [looked, lookedAtMs, bytesSince] = [options.facts(), now(), 0];
  let batches = 0;
  let items = 0;
  /** Let in, and not in the queue yet. */
  let coming = 0;
  let nextTurnMs = 0;
  for (const [tenant, amount] of options.held) take(tenant, amount.batches, amount.items, 0);
  for (const account of accounts.values()) account.bytes = (looked.bytes * account.items) / Math.max(items, 1);

  function accountOf(tenant = ""): Account {
    let account = accounts.get(tenant);
    if (account === undefined) accounts.set(tenant, (account = { items: 0, batches: 0, bytes: 0 }));
    return account;
  }

  function facts(): typeof looked {
    if (now() - lookedAtMs >= factsMs) [looked, lookedAtMs, bytesSince] = [options.facts(), now(), 0];
    return looked;
  }

  function used(): number {
    if (sizer === "bytes") return facts().bytes + bytesSince + coming;
    return coming + (sizer === "items" ? items : batches);
  }

  const sizeOf = (batch: Batch): number =>
    sizer === "bytes" ? batch.body.byteLength : sizer === "items" ? batch.items : 1;

  const kind = sizer === "requests" ? "batches" : sizer;

  function shareOf(tenant: string, whole: number): number {
    const weightOf = (name: string): number => weights?.[name] ?? 1;
    let present = accounts.has(tenant) ? 0 : weightOf(tenant);
    for (const name of accounts.keys()) present += weightOf(name);
    return (whole * weightOf(tenant)) / present;
  }

  /** Why a batch may not come in now. Bytes on disk are bounded by the queue itself, but for the headroom. */
  function objection(batch: Batch): string | undefined {
    const size = sizeOf(batch);
    const after = used() + size;
    // What is larger than the whole gets in when nothing else is there, or it never would.
    if (sizer !== "bytes" && after > capacity && after > size) return full("");
    if (weights === undefined) return undefined;
    const shared = capacity * (1 - headroom);
    if (after <= shared) return undefined;
    const { tenant = "" } = batch;
    const held = accounts.get(tenant)?.[kind] ?? 0;
    return held + size <= shareOf(tenant, shared) ? undefined : full(" for this tenant");
  }

  const full = (whose: string): string =>
    `the queue of this destination is full${whose} (${Math.round(used())} of ${capacity} ${sizer}); send again later`;

  /** When it would be the turn of so many bytes more, if those who were refused before come back as they were told. */
  function waitMs({ body }: Batch): number {
    const { drainBytesPerSecond } = facts();
    const ownMs = drainBytesPerSecond > 0 ? (1000 * body.byteLength) / drainBytesPerSecond : 0;
    nextTurnMs = Math.min(Math.max(nextTurnMs, now()) + ownMs, now() + longestWaitMs);
    return Math.max(nextTurnMs - now(), drainBytesPerSecond > 0 ? shortestWaitMs : unknownWaitMs);
  }

  function refusal(batch: Batch, message: string, atLeastMs = 0): ExportError {
    return new ExportError("overloaded", message, { retryAfterMs: Math.ceil(Math.max(waitMs(batch), atLeastMs)) });
  }

  async function enter(batch: Batch, sendOptions: SendOptions): Promise<void> {
    for (let reason = objection(batch); reason !== undefined; reason = objection(batch)) {
      if (!blocks) {
        onRefused(batch);
        throw refusal(batch, reason);
      }
      // room may be taken by another meanwhile
      await pause(shortestWaitMs, reason, sendOptions);
    }
  }

  async function pause(ms: number, reason: string, { deadline = Infinity, signal }: SendOptions): Promise<void> {
    if (now() + ms >= deadline) throw new ExportError("timeout", reason, { retryAfterMs: unknownWaitMs });
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (signal?.aborted === true)
      throw new ExportError("cancelled", "the sender gave up waiting for room in the queue");
  }

  function take(tenant: string | undefined, ofBatches: number, ofItems: number, bytes: number): void {
    if (ofBatches === 0) return;
    const account = accountOf(tenant);
    account.items += ofItems;
    account.batches += ofBatches;
    account.bytes += bytes;
    batches += ofBatches;
    items += ofItems;
    bytesSince += bytes;
  }

  function settled(tenant: string | undefined, ofBatches: number, ofItems: number): void {
    batches -= ofBatches;
    items -= ofItems;
    const account = accountOf(tenant);
    account.bytes -= account.items > 0 ? (account.bytes * ofItems) / account.items : 0;
    account.items -= ofItems;
    account.batches -= ofBatches;
    if (account.batches <= 0) accounts.delete(tenant ?? "");
  }

  return {
    stage: (next) => ({
      async send(batch, sendOptions) {
        await enter(batch, sendOptions);
        const size = sizeOf(batch);
        coming += size;
        try {
          return await next.send(batch, sendOptions);
        } catch (thrown) {
          if (!ExportError.is(thrown) || thrown.code !== "overloaded") throw thrown;
          throw refusal(batch, thrown.message, thrown.retryAfterMs);
        } finally {
          coming -= size;
        }
      },
      close: () => next.close(),
    }),
    hear(event) {
      switch (event.kind) {
        case "stored":
          return take(event.tenant, 1, event.items, event.bytes);
        case "delivered":
          return settled(event.tenant, 1, event.items + event.rejectedItems);
        case "dead-lettered":
        case "rejected":
          return settled(event.tenant, 1, event.items);
        case "dropped":
          return settled(event.tenant, event.batches, event.items);
        default:
          return undefined;
      }
    },
  };
}

import { encryption, keyRing, rawKey, secret } from "@otlpkit/auth/encryption";
import type { Encryption } from "@otlpkit/core";
import type { DrainOptions, QueueOptions } from "../src/index.ts";
import type { Random } from "./random.ts";
import type { Call } from "./simulated-files.ts";
import { toyEncryption } from "./toy-encryption.ts";

/** What may happen in a schedule besides sends, answers and time. */
export interface Troubles {
  readonly powerCuts: boolean;
  readonly kills: boolean;
  readonly diskErrors: boolean;
  readonly diskFull: boolean;
  readonly flips: boolean;
}

const quiet: Troubles = { powerCuts: false, kills: false, diskErrors: false, diskFull: false, flips: false };

export function anyTroubles(random: Random): Troubles {
  if (random.chance(0.1)) return quiet;
  const some = (): boolean => random.chance(0.5);
  return { powerCuts: some(), kills: some(), diskErrors: some(), diskFull: some(), flips: random.chance(0.3) };
}

export function anyQueueOptions(random: Random, segmentBytes: number): Omit<QueueOptions, "folder"> {
  return {
    segmentBytes,
    maxBytes: segmentBytes * random.pick([4, 16, 64]),
    minFreeBytes: 0,
    whenFull: random.pick(["refuse", "refuse", "block", "drop-oldest"]),
    durability: random.chance(0.7) ? "fsynced" : "buffered",
    cacheBytes: random.pick([0, 2000, 1_000_000]),
    groupBytes: random.pick([500, 5000, 1_000_000]),
    groupDelayMs: random.pick([0, 0, 5]),
    closeGraceMs: random.pick([0, 1000]),
    ...(random.chance(0.1) && { maxAgeMs: 60_000 }),
    ...(random.chance(0.4) && {
      encryption: segmentBytes === 16_384 ? toyEncryption(["first", "second"]) : realEncryption(),
    }),
  };
}

function realEncryption(): Encryption {
  return encryption({ keys: keyRing({ current: rawKey("model", secret(new Uint8Array(32).fill(7))) }) });
}

export function anyConsumers(random: Random): Map<string, DrainOptions> {
  const one = (): DrainOptions => ({
    first: random.chance(0.8) ? "oldest" : "newest",
    concurrency: random.pick([1, 2, 8]),
    ...(random.chance(0.3) && { concurrencyPerTenant: 1 }),
    overtakeAfterAttempts: random.pick([0, 3, Infinity]),
    attemptTimeoutMs: 10_000,
  });
  return new Map(
    random.chance(0.7)
      ? [["default", one()]]
      : [
          ["default", one()],
          ["archive", one()],
        ],
  );
}

/** What the disk refuses next: calls of these kinds, with this code. */
export function anyFault(random: Random): { kinds: readonly Call["kind"][]; code: string } {
  const kinds: readonly Call["kind"][] = [
    "write",
    "sync",
    "create",
    "open",
    "rename",
    "remove",
    "syncFolder",
    "read",
    "list",
    "truncate",
  ];
  return { kinds: [random.pick(kinds)], code: random.chance(0.7) ? "EIO" : "ENOSPC" };
}

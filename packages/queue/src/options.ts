import type { Encryption, ExportError } from "@otlpkit/core";
import type { QueueEvent } from "./events.ts";
import type { Files } from "./files.ts";
import { nodeFiles } from "./node-files.ts";

/** What to do with a batch for which there is no room. */
export type WhenFull = "refuse" | "drop-oldest" | "block";

/** When `send` answers: once the batch is on stable storage, or once the operating system has it. */
export type Durability = "fsynced" | "buffered";

/** Runs something later and returns what cancels it. */
export type SetTimer = (run: () => void, delayMs: number) => () => void;

/** Options of {@link openQueue}. */
export interface QueueOptions {
  /**
   * Where the queue lives. Made if it is not there, for its owner alone. One process at a time writes it; what a process
   * that was killed leaves behind is no obstacle to the next.
   */
  readonly folder: string;
  /** Bytes on disk, dead letters and damaged pieces not counted. Default 1 GiB. */
  readonly maxBytes?: number;
  /**
   * What to do when `maxBytes` are used up, or the disk is full or fails:
   *
   * - "refuse" (default): `send` fails with "overloaded" and, from the measured rate of delivery, when to come again
   * - "block": `send` waits for room, or until the disk works again, in order, until its deadline or abort
   * - "drop-oldest": the oldest segment goes, with whatever of it was not delivered; counted and told by an event. When the
   *   disk is full of other things there is nothing to gain by it, and the queue refuses.
   */
  readonly whenFull?: WhenFull;
  /**
   * When `send` answers. "fsynced" (default): a power cut loses nothing that was answered. "buffered": a killed process
   * loses nothing; a power cut may lose what came within the last second, and more if the disk had failed to sync it.
   */
  readonly durability?: Durability;
  /** Encrypts records. Default: none. What was written before in the clear, or under other keys of the ring, is read as well. */
  readonly encryption?: Encryption;
  /** Batches older than this are dropped, counted and told by an event, in place of being delivered. Default: none is. */
  readonly maxAgeMs?: number;
  /**
   * Size of one file. Disk space is given back by whole files. Default: an eighth of `maxBytes`, from 1 to 64 MiB. A batch
   * that does not fit gets a file of its own; one that is larger than `maxBytes` is refused as "too-large".
   */
  readonly segmentBytes?: number;
  /** Most bytes that are written at one time. Default 4 MiB: beyond that a write gets no cheaper by the byte. */
  readonly groupBytes?: number;
  /**
   * How long a batch waits for company, up to 256 KiB. Default 0: what comes during one sync is written meanwhile and goes
   * into the next, so groups grow by themselves when the disk is slow and nobody waits when it is not.
   */
  readonly groupDelayMs?: number;
  /**
   * Batches that were just written stay in memory, up to so many bytes, so that they are delivered without being read
   * again. Default 16 MiB; 0: none does.
   */
  readonly cacheBytes?: number;
  /** Bytes to leave free on the disk for others. Default 32 MiB. Below that the queue is full. */
  readonly minFreeBytes?: number;
  /**
   * Bytes for batches that a destination refused for good, kept with the reason; beyond that the oldest go, counted and told
   * by an event. Default 64 MiB. 0: none are kept; they count as rejected.
   */
  readonly deadLetterBytes?: number;
  /** Bytes for pieces of damaged files, kept for people to look at. Default 64 MiB; beyond that the oldest go. */
  readonly damagedBytes?: number;
  /** How long `close` waits for answers to what is under way before it breaks off. Default 5,000. */
  readonly closeGraceMs?: number;
  /** Told what happens; must not throw. */
  readonly onEvent?: (event: QueueEvent) => void;
  /**
   * The file system. Default: the real one, with a lock on the folder. With one of your own no lock is taken: see to it that
   * nobody else writes there.
   */
  readonly files?: Files;
  /** The clock that deadlines are on, in ms. Default `performance.now`. */
  readonly now?: () => number;
  /** Ms since 1970, for the time of acceptance and for ages. May jump. Default `Date.now`. */
  readonly wallClock?: () => number;
  /** Default `setTimeout`. */
  readonly setTimer?: SetTimer;
  /** From 0 to below 1, for jitter and names. Default `Math.random`. */
  readonly random?: () => number;
}

/** Options of {@link Queue.drain} and {@link Queue.stage}. */
export interface DrainOptions {
  /**
   * Who reads. Each consumer gets every batch and has its own progress, kept under this name. A new one begins with the
   * oldest batch that is there. Default "default".
   */
  readonly consumer?: string;
  /** Which batch of a tenant goes first. Default "oldest"; "newest" for those who want to see the present after an outage. */
  readonly first?: "oldest" | "newest";
  /** Batches under way at one time. Default 8. */
  readonly concurrency?: number;
  /**
   * Batches of one tenant under way at one time. 1 keeps strict order. Default: half of `concurrency`, so that a tenant
   * whose batches hang leaves room; all of it for batches without a tenant.
   */
  readonly concurrencyPerTenant?: number;
  /**
   * A batch that failed holds up newer ones of its tenant for so many attempts; then they may overtake it, so that one
   * batch that always fails does not block the rest. Default 3. 0: at once. Infinity: never.
   */
  readonly overtakeAfterAttempts?: number;
  /** Time for one attempt, whatever stands behind included. Default 60,000. */
  readonly attemptTimeoutMs?: number;
  /** The first wait after a failure. Default 1,000. */
  readonly initialDelayMs?: number;
  /** Waits grow up to this, by half each time, unless the destination asks for more. Default 30,000. */
  readonly maxDelayMs?: number;
  /** The longest wait that a destination may ask for. Default 300,000. */
  readonly maxRetryAfterMs?: number;
  /**
   * Whether an error is a verdict on the batch. Others are tried again for ever. Default: errors that are not `retryable`,
   * but for "closed" and "cancelled", which say nothing about the batch, and "unauthenticated" and "forbidden", which
   * somebody will repair.
   */
  readonly isFinal?: (error: ExportError) => boolean;
  /** What becomes of a batch with a final error. Default "dead-letter"; "keep": it stays and is tried again as the others. */
  readonly onFinal?: "dead-letter" | "keep";
}

/** Options with everything filled in. */
export type Settings = Required<Omit<QueueOptions, "encryption" | "maxAgeMs" | "files">> &
  Pick<QueueOptions, "encryption"> & {
    readonly maxAgeMs: number;
    readonly files: Files;
    /** Whether it is for us to keep other processes out. */
    readonly locks: boolean;
  };

const mebibyte = 1024 * 1024;

export function settle(options: QueueOptions): Settings {
  const maxBytes = options.maxBytes ?? 1024 * mebibyte;
  const settings = {
    ...options,
    maxBytes,
    whenFull: options.whenFull ?? "refuse",
    durability: options.durability ?? "fsynced",
    maxAgeMs: options.maxAgeMs ?? Infinity,
    segmentBytes: options.segmentBytes ?? Math.min(Math.max(Math.floor(maxBytes / 8), mebibyte), 64 * mebibyte),
    groupBytes: options.groupBytes ?? 4 * mebibyte,
    groupDelayMs: options.groupDelayMs ?? 0,
    cacheBytes: options.cacheBytes ?? 16 * mebibyte,
    minFreeBytes: options.minFreeBytes ?? 32 * mebibyte,
    deadLetterBytes: options.deadLetterBytes ?? 64 * mebibyte,
    damagedBytes: options.damagedBytes ?? 64 * mebibyte,
    closeGraceMs: options.closeGraceMs ?? 5000,
    onEvent: options.onEvent ?? (() => {}),
    files: options.files ?? nodeFiles(),
    locks: options.files === undefined,
    now: options.now ?? (() => performance.now()),
    wallClock: options.wallClock ?? Date.now,
    setTimer: options.setTimer ?? timeout,
    random: options.random ?? Math.random,
  };
  check("maxBytes", maxBytes, 64 * 1024);
  check("segmentBytes", settings.segmentBytes, 16 * 1024, 2 ** 31);
  check("groupBytes", settings.groupBytes, 1, 2 ** 30);
  for (const name of [
    "groupDelayMs",
    "cacheBytes",
    "minFreeBytes",
    "deadLetterBytes",
    "damagedBytes",
    "closeGraceMs",
  ] as const) {
    check(name, settings[name], 0);
  }
  check("maxAgeMs", settings.maxAgeMs, 1);
  return settings;
}

function check(name: string, value: number, min: number, max: number = Infinity): void {
  if (value >= min && value <= max) return;
  throw new RangeError(`queue: ${name} must be from ${min} to ${max}, not ${value}`);
}

function timeout(run: () => void, delayMs: number): () => void {
  // setTimeout turns longer waits into none.
  const timer = setTimeout(run, Math.min(delayMs, 2 ** 31 - 1));
  return () => clearTimeout(timer);
}

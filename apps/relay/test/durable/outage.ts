import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ledger, ledger, type LedgerReport } from "@otlpkit/testkit";
import { expect } from "vitest";
import { load, type LoadOutcome, quantile } from "../overload/load.ts";
import { type OverloadedRelay, overloadedRelay } from "../overload/overloaded-relay.ts";
import { type Destination, destination } from "./destination.ts";
import { type SmallDisk, smallDisk } from "./small-disk.ts";

const mebibyte = 1_048_576;

/** A part of a scenario, as senders saw it, and the most memory that the relay had. */
export interface Phase {
  readonly name: string;
  readonly batches: number;
  /** Until the answer, in ms. */
  readonly p50: number;
  readonly p99: number;
  readonly refusals: number;
  readonly residentMebibytes: number;
}

export interface Played {
  readonly phases: readonly Phase[];
  /** From the return of the destination until it had everything. */
  readonly drainMs: number;
  readonly report: LedgerReport;
}

interface Scene {
  readonly far: Destination;
  readonly relay: OverloadedRelay;
  /** Sends at a steady rate over both protocols for so long. */
  readonly during: (name: string, seconds: number) => Promise<void>;
}

async function inScene(folder: string, seed: number, play: (scene: Scene) => Promise<void>): Promise<Played> {
  const book: Ledger = ledger();
  const far = await destination(book);
  const queue = { folder, maxBytes: 1024 * mebibyte };
  const relay = await overloadedRelay({ destination: far.url, consumers: 8, budgetBytes: 64 * mebibyte, queue });
  const senders = [relay.over("http"), relay.over("grpc")];
  const phases: Phase[] = [];

  async function during(name: string, seconds: number): Promise<void> {
    relay.forget();
    const outcomes = await Promise.all(
      senders.map((sender, lane) => {
        const laneSeed = seed + 10 * phases.length + lane;
        return load({ sender, perSecond: 30, items: 30, seconds, patienceSeconds: 30, seed: laneSeed, book });
      }),
    );
    for (const { failures, withoutDelay } of outcomes)
      expect({ failures, withoutDelay }).toEqual({ failures: [], withoutDelay: 0 });
    phases.push(phaseOf(name, outcomes, relay.most.residentBytes));
  }

  try {
    await play({ far, relay, during });
    const drainMs = await relay.drained();
    await relay.expectClosedLedger();
    expect(await relay.close()).toBe(0);
    return { phases, drainMs, report: book.report() };
  } finally {
    await relay.close();
    await far.down();
  }
}

function phaseOf(name: string, outcomes: readonly LoadOutcome[], residentBytes: number): Phase {
  const times = outcomes.flatMap(({ latencies }) => latencies).toSorted((a, b) => a - b);
  return {
    name,
    batches: times.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    refusals: outcomes.reduce((sum, { refusals }) => sum + refusals, 0),
    residentMebibytes: Math.round(residentBytes / mebibyte),
  };
}

/** The destination goes away for most of the time, the relay is ended and started meanwhile, and it comes back under load. */
export async function outage(seconds: number, seed: number): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), "otlpkit-outage-"));
  try {
    return await inScene(folder, seed, async ({ during, far, relay }) => {
      await far.up();
      await during("before", 0.15 * seconds);
      await far.down();
      await during("away", 0.35 * seconds);
      await relay.expectClosedLedger();
      expect(await relay.restart()).toBe(0);
      await during("away, after SIGTERM", 0.35 * seconds);
      await far.up();
      await during("draining", 0.15 * seconds);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The disk is filled by something else for a while, with the destination away. Undefined where no disk may be mounted. */
export async function fullDisk(seconds: number, seed: number): Promise<Played | undefined> {
  const disk: SmallDisk | undefined = smallDisk(256);
  if (disk === undefined) return undefined;
  try {
    return await inScene(disk.folder, seed, async ({ during, far }) => {
      await during("away", 0.2 * seconds);
      disk.fill(disk.freeBytes());
      const full = during("full for half of it", 0.6 * seconds);
      await new Promise((resolve) => setTimeout(resolve, 300 * seconds));
      disk.free();
      await full;
      await far.up();
      await during("draining", 0.2 * seconds);
    });
  } finally {
    disk.remove();
  }
}

import { inspect, type QueueOptions } from "../src/index.ts";
import type { Account } from "./account.ts";
import { numberOf } from "./payload.ts";
import type { Random } from "./random.ts";
import { recordsOf, sealedWith } from "./records.ts";
import type { SimulatedFiles } from "./simulated-files.ts";

export interface Flips {
  /** Changes one bit of one file, any of them, and enters which batches that may damage. Says where it was. */
  flip(files: SimulatedFiles): Promise<string | undefined>;
}

export interface FlipsOptions {
  readonly random: Random;
  readonly account: Account;
  readonly queueOptions: Omit<QueueOptions, "folder">;
}

/** Of one copy. */
const headerBytes = 4096;

export function flips({ random, account, queueOptions }: FlipsOptions): Flips {
  /** Which of the two copies of a segment's header were damaged. */
  const damagedCopies = new Map<string, Set<number>>();

  /** The numbers of the batches that a change of this byte may damage. */
  async function recordsAt(files: SimulatedFiles, path: string, offset: number): Promise<number[]> {
    const look = inspect("/q", { ...queueOptions, files: files.atEase() });
    const hit: number[] = [];
    const copies = (damagedCopies.get(path) ?? new Set()).add(Math.floor(offset / headerBytes));
    if (offset < 2 * headerBytes) damagedCopies.set(path, copies);
    const illegible = [0, 1].every((copy) => copies.has(copy));
    // A crash may have come before there was anything.
    if ((await look.segments().catch(() => [])).length === 0) return hit;
    const records = (await recordsOf(files, queueOptions)).filter(({ segment }) => path.endsWith(segment));
    const within = records.find((record) => offset >= record.offset && offset < record.offset + record.bytes);
    const near = within === undefined ? [] : sealedWith(within, records);
    for (const { sequence } of illegible ? records : near) {
      const found = await look.read(sequence).catch(() => undefined);
      if (found) hit.push(numberOf(found.batch));
    }
    return hit;
  }

  return {
    async flip(files) {
      const all = files.allFiles();
      if (all.length === 0) return undefined;
      const { path, bytes } = random.pick(all);
      if (bytes === 0) return undefined;
      const offset = random.below(bytes);
      for (const number of await recordsAt(files, path, offset)) {
        const entry = account.entries.get(number);
        if (entry) entry.damaged = true;
      }
      files.flip(path, offset, random.below(8));
      return `${path} at ${offset}`;
    },
  };
}

// The program that the kill loop kills: sends and delivers as fast as it can, and says on standard output what was
// acknowledged ("A number") and what arrived ("D number hash").
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { encryption, keyRing, rawKey, secret } from "@otlpkit/auth/encryption";
import { accepted, type Batch, ExportError, type Sender } from "@otlpkit/core";
import { openQueue } from "../src/index.ts";
import { randomFrom } from "./random.ts";

/** What the parent says by the first argument, as JSON. */
export interface KillChildWords {
  readonly folder: string;
  readonly life: number;
  readonly durability: "fsynced" | "buffered";
  readonly encrypted: boolean;
  /** Sends nothing, delivers everything and ends. */
  readonly drainOnly: boolean;
}

/** The body of a batch follows from its number. */
export function bodyOf(number: number): Uint8Array {
  const random = randomFrom(number);
  return random.bytes(random.pick([0, 20, 300, 300, 300, 5000, 40_000]));
}

export function hashOf(body: Uint8Array): string {
  return createHash("sha1").update(body).digest("base64");
}

const numbersALife = 1_000_000;

async function run({ folder, life, durability, encrypted, drainOnly }: KillChildWords): Promise<void> {
  const say = (line: string): void => void writeSync(1, `${line}\n`);
  const random = randomFrom(life);
  const startedMs = performance.now();
  const queue = await openQueue({
    folder,
    durability,
    segmentBytes: 1 << 20,
    maxBytes: 64 << 20,
    minFreeBytes: 0,
    ...(encrypted && {
      encryption: encryption({ keys: keyRing({ current: rawKey("loop", secret(new Uint8Array(32).fill(7))) }) }),
    }),
  });
  const { mayRepeat, damagedPlaces } = queue.recovered;
  say(`O ${(performance.now() - startedMs).toFixed(1)} ${mayRepeat.batches} ${damagedPlaces}`);
  const destination: Sender = {
    async send(batch) {
      say(`D ${batch.headers["x-number"]} ${hashOf(batch.body)}`);
      if (!drainOnly) await new Promise((resolve) => setTimeout(resolve, random.below(4)));
      if (!drainOnly && random.chance(0.1)) throw new ExportError("unavailable", "not now");
      return accepted;
    },
    close: () => Promise.resolve(),
  };
  queue.drain(destination, { initialDelayMs: 20 });
  if (drainOnly) {
    await queue.flush();
    await queue.close();
    say("E");
    return;
  }
  let number = life * numbersALife;
  const sending = async (): Promise<void> => {
    for (;;) {
      const mine = ++number;
      const batch: Batch = {
        signal: "logs",
        body: bodyOf(mine),
        items: 1,
        format: "protobuf",
        encoding: "identity",
        headers: { "x-number": String(mine) },
        ...(mine % 3 > 0 && { tenant: mine % 3 === 1 ? "red" : "blue" }),
      };
      try {
        await queue.send(batch, {});
        say(`A ${mine}`);
      } catch (error) {
        if (!ExportError.is(error) || !error.retryable) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, sending));
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith("kill-child.ts")) {
  await run(JSON.parse(process.argv[2]) as KillChildWords);
}

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bodyOf, hashOf, type KillChildWords } from "./kill-child.ts";
import { randomFrom } from "./random.ts";

const maxMs = Number(process.env["OTLPKIT_LONG_SECONDS"] ?? 600) * 1000;
const kills = 200;
const child = fileURLToPath(new URL("kill-child.ts", import.meta.url));
const seed = Number(process.env["OTLPKIT_QUEUE_SEED"] ?? 1);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlp-queue-kill-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs the program until it ends, or for so many ms after it has opened the queue, and returns the lines that it said. */
function life(words: KillChildWords, killAfterMs: number | undefined): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const program = spawn(process.execPath, ["--conditions=@otlpkit/source", child, JSON.stringify(words)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    let complaint = "";
    program.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (said === "" && killAfterMs !== undefined) setTimeout(() => program.kill("SIGKILL"), killAfterMs);
      said += text;
    });
    program.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
    program.on("error", reject);
    program.on("close", (code, signal) => {
      if (signal === "SIGKILL" || (code === 0 && killAfterMs === undefined)) resolve(said.split("\n").slice(0, -1));
      else reject(new Error(`the program ended by itself (${code ?? signal}): ${complaint}`));
    });
  });
}

describe("a queue whose program is killed again and again", () => {
  it.each([
    ["fsynced", false],
    ["fsynced", true],
    ["buffered", false],
    ["buffered", true],
  ] as const)("delivers everything that it acknowledged (%s, encrypted: %s)", async (durability, encrypted) => {
    const random = randomFrom(seed);
    const untilMs = performance.now() + maxMs / 4;
    const acknowledged = new Set<number>();
    const arrived = new Map<number, number>();
    const openedMs: number[] = [];
    let mayRepeat = 0;
    const read = (lines: readonly string[]): void => {
      for (const line of lines) {
        const [kind, first, second, third] = line.split(" ");
        if (kind === "O") {
          openedMs.push(Number(first));
          mayRepeat += Number(second);
          expect(third, "damaged places").toBe("0");
        }
        if (kind === "A") acknowledged.add(Number(first));
        if (kind !== "D") continue;
        const number = Number(first);
        expect(second, `the body of ${number}`).toBe(hashOf(bodyOf(number)));
        arrived.set(number, (arrived.get(number) ?? 0) + 1);
      }
    };
    let lives = 0;
    for (; lives < kills / 4 && performance.now() < untilMs; lives++) {
      const words = { folder, life: lives + 1, durability, encrypted, drainOnly: false };
      read(await life(words, random.below(400)));
    }
    const end = await life({ folder, life: lives + 1, durability, encrypted, drainOnly: true }, undefined);
    read(end);
    expect(end.at(-1)).toBe("E");
    const missing = [...acknowledged].filter((number) => !arrived.has(number));
    const repeats = [...arrived.values()].reduce((sum, times) => sum + times - 1, 0);
    console.log(
      `seed ${seed}, ${durability}, encrypted ${encrypted}: ${lives} kills, ${acknowledged.size} acknowledged, ${missing.length} missing, ` +
        `${repeats} delivered again (failed attempts included), ${mayRepeat} known to be at risk, ` +
        `opening took ${Math.max(...openedMs).toFixed(0)} ms at most`,
    );
    expect(missing).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(lives);
  });
});

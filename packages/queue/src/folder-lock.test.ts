import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FolderLock, lockFolder } from "./folder-lock.ts";

let folder: string;
let children: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queue-"));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map(killed));
  await rm(folder, { recursive: true });
});

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/** Another process that takes the lock and keeps it. */
async function holder(): Promise<ChildProcess> {
  const lock = new URL("folder-lock.ts", import.meta.url).href;
  const program = `
    const { lockFolder } = await import(${JSON.stringify(lock)});
    await lockFolder(${JSON.stringify(folder)});
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--conditions=@otlpkit/source", "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

/** Leaves the lock of a process of which nothing is known here. */
async function lockFromElsewhere(text = JSON.stringify({ id: "x", pid: 1, place: "elsewhere", began: "5" })) {
  await writeFile(join(folder, "lock"), text);
}

/** How many of several that try at the same time get the lock, and what the others are told. */
async function race(count: number): Promise<{ readonly winners: FolderLock[]; readonly reasons: unknown[] }> {
  const tries = await Promise.allSettled(Array.from({ length: count }, () => lockFolder(folder, { beatMs: 20 })));
  return {
    winners: tries.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
    reasons: tries.flatMap((one) => (one.status === "rejected" ? [one.reason] : [])),
  };
}

describe("the lock of a folder", () => {
  it("keeps another process out, and names the one that has it", async () => {
    const child = await holder();
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(`the process ${child.pid} has it open`),
    });
  });

  it("is taken over at once from a process that was killed", async () => {
    const child = await holder();
    await killed(child);
    // Whoever had to wait for a sign of life would wait for hours.
    const lock = await lockFolder(folder, { beatMs: 3_600_000 });
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("is taken over when its process's number is another's by now", async () => {
    const lock = await lockFolder(folder);
    const text = JSON.parse(await readFile(join(folder, "lock"), "utf8")) as { began: string };
    await lock.release();
    // Only Linux says when a process began.
    if (text.began === "") return;
    await writeFile(join(folder, "lock"), JSON.stringify({ ...text, began: "1" }));
    await (await lockFolder(folder, { beatMs: 3_600_000 })).release();
  });

  it("is respected while somebody in another container shows that they are alive", async () => {
    await lockFromElsewhere();
    let beats = 0;
    const beat = setInterval(() => void utimes(join(folder, "lock"), ++beats, beats), 20);
    try {
      await expect(lockFolder(folder, { beatMs: 500 })).rejects.toMatchObject({ code: "unavailable" });
    } finally {
      clearInterval(beat);
    }
  });

  it("is taken over when nobody shows themselves, also if it was torn", async () => {
    for (const text of [undefined, "", '{"id":"x","pi']) {
      await lockFromElsewhere(text);
      await (await lockFolder(folder, { beatMs: 10 })).release();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it("is had by one of many that try at the same time", async () => {
    for (let round = 0; round < 10; round++) {
      const { winners, reasons } = await race(10);
      expect(winners).toHaveLength(1);
      for (const reason of reasons) expect(reason).toMatchObject({ code: "unavailable" });
      await winners[0]?.release();
    }
  });

  it("is taken over by one of many that find the same one gone", async () => {
    for (let round = 0; round < 10; round++) {
      await lockFromElsewhere();
      const { winners } = await race(10);
      expect(winners).toHaveLength(1);
      await winners[0]?.release();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it("is taken over also from one that was killed while it took over", async () => {
    const before = await lockFolder(folder);
    const ours = await readFile(join(folder, "lock"), "utf8");
    await before.release();
    await lockFromElsewhere();
    const gone = createHash("sha256")
      .update(await readFile(join(folder, "lock")))
      .digest("hex")
      .slice(0, 16);
    await writeFile(join(folder, `lock.${gone}`), ours.replace(/"began":"[^"]*"/, '"began":"1"'));
    await (await lockFolder(folder, { beatMs: 10 })).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("stays with the one who has it when somebody else lets go twice", async () => {
    const first = await lockFolder(folder);
    await first.release();
    const second = await lockFolder(folder);
    await first.release();
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: "unavailable" });
    await second.release();
  });
});

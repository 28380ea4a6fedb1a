import { createHash, randomUUID } from "node:crypto";
import { readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { ExportError } from "@otlpkit/core";

/** Keeps other processes out of a folder. */
export interface FolderLock {
  release(): Promise<void>;
}

/** Who has the lock. */
interface Holder {
  readonly id: string;
  readonly pid: number;
  /** Where process numbers mean the same: the boot and the namespace of the machine, or its name. */
  readonly place: string;
  /** When the process began, as the system counts it: numbers are used again. */
  readonly began: string;
}

export interface FolderLockOptions {
  /** The holder shows so often that it is alive; who does not for three times as long is gone. Default 2,000. */
  readonly beatMs?: number;
}

/**
 * Takes the lock of a folder. That of a process which is no more is taken over at once when it ran here. When it ran in
 * another container or on another machine, there is no way to tell but to wait for a sign of life, for some seconds.
 *
 * @throws ExportError "unavailable" when a process has it
 */
export async function lockFolder(folder: string, { beatMs = 2000 }: FolderLockOptions = {}): Promise<FolderLock> {
  const path = `${folder}/lock`;
  const holder: Holder = { id: randomUUID(), pid: process.pid, ...(await placeOf(process.pid)) };
  const mine = JSON.stringify(holder);
  await take(path, mine, beatMs);
  const beat = setInterval(() => {
    const now = new Date();
    // If it can't be touched, nobody else can be sure either.
    utimes(path, now, now).catch(() => {});
  }, beatMs);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      if ((await read(path)) === mine) await rm(path, { force: true });
    },
  };
}

async function take(path: string, mine: string, beatMs: number): Promise<void> {
  for (;;) {
    try {
      return await writeFile(path, mine, { flag: "wx", mode: 0o600 });
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const found = await read(path);
    if (found === undefined) continue;
    if (await isAlive(path, found, beatMs)) {
      throw new ExportError(
        "unavailable",
        `cannot open the queue in ${dirname(path)}: the process ${holderOf(found)} has it open; stop that one first`,
      );
    }
    if (await takeOver(path, found, mine, beatMs)) return;
  }
}

/**
 * Puts our lock in place of that of one who is gone. Whoever does it holds a second lock meanwhile, named after the one
 * that is gone, so that of many who find it gone at the same time one gets its place; the others see that it has changed.
 */
async function takeOver(path: string, gone: string, mine: string, beatMs: number): Promise<boolean> {
  const claim = `${path}.${createHash("sha256").update(gone).digest("hex").slice(0, 16)}`;
  await take(claim, mine, beatMs);
  if ((await read(path)) === gone) {
    await rename(claim, path);
    return true;
  }
  await rm(claim, { force: true });
  return false;
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function isAlive(path: string, text: string, beatMs: number): Promise<boolean> {
  const holder = parse(text);
  if (holder !== undefined) {
    const here = await placeOf(holder.pid);
    if (here.place === holder.place) {
      if (!exists(holder.pid)) return false;
      // Linux says when a process began. Elsewhere the number may be another's by now: see whether it shows itself.
      if (here.began !== "") return here.began === holder.began;
    }
  }
  return showsItself(path, beatMs);
}

/** Whether the lock is touched while we watch. Clocks are not compared. */
async function showsItself(path: string, beatMs: number): Promise<boolean> {
  const touched = async (): Promise<number> => (await stat(path)).mtimeMs;
  try {
    const before = await touched();
    for (let waitedMs = 0; waitedMs < 3 * beatMs; waitedMs += beatMs / 4) {
      await new Promise((resolve) => setTimeout(resolve, beatMs / 4));
      if ((await touched()) !== before) return true;
    }
    return false;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function placeOf(pid: number): Promise<{ place: string; began: string }> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const namespace = await readlink("/proc/self/ns/pid");
    return { place: `${boot.trim()} ${namespace}`, began: await beganAt(pid) };
  } catch {
    // Not Linux.
    return { place: hostname(), began: "" };
  }
}

async function beganAt(pid: number): Promise<string> {
  try {
    const facts = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold anything; the 20th field after it is the start.
    return facts.slice(facts.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    // It was being written when its process ended.
    return undefined;
  }
}

const holderOf = (text: string): string => String(parse(text)?.pid ?? "that is not named");
const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code;

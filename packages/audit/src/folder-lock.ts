import { randomUUID } from "node:crypto";
import { link, readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { ExportError } from "@otlpkit/core";

/** Who has the lock. */
interface Holder {
  readonly id: string;
  readonly pid: number;
  /** Where process numbers mean the same: the boot and the namespace of the machine, or its name. */
  readonly place: string;
  /** When the process began, as the system counts it: numbers are used again. */
  readonly began: string;
}

/** The holder shows so often that it is alive. */
const beatMs = 2000;
/** Who shows no sign for so long is gone; in a container elsewhere there is no other way to tell. */
const goneMs = 3 * beatMs;

/**
 * Takes the lock of a folder. That of a process which is no more is taken over at once when it ran here, and after some
 * seconds without a sign of life when it ran in another container or on another machine.
 *
 * @throws ExportError "unavailable" when a process has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = `${folder}/writer.lock`;
  const mine: Holder = { id: randomUUID(), pid: process.pid, ...(await placeOf(process.pid)) };
  const text = JSON.stringify(mine);
  for (;;) {
    try {
      await writeFile(path, text, { flag: "wx", mode: 0o600 });
      break;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const found = await read(path);
    if (found === undefined) continue;
    if (await isAlive(path, found)) {
      throw new ExportError(
        "unavailable",
        `process ${holderOf(found)} writes to the audit log in ${folder}; give each log a folder of its own`,
      );
    }
    await takeAway(path, found);
  }
  const beat = setInterval(() => {
    const now = new Date();
    // If it can't be touched, nobody else can be sure either.
    utimes(path, now, now).catch(() => {});
  }, beatMs);
  beat.unref();
  return async () => {
    clearInterval(beat);
    if ((await read(path)) === text) await rm(path, { force: true });
  };
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function isAlive(path: string, text: string): Promise<boolean> {
  const holder = parse(text);
  if (holder !== undefined) {
    const here = await placeOf(holder.pid);
    if (here.place === holder.place) {
      if (!exists(holder.pid)) return false;
      // Linux says when a process began. Elsewhere the number may be another's by now: see whether it shows itself.
      if (here.began !== "") return here.began === holder.began;
    }
  }
  return showsItself(path);
}

/** Whether the lock is touched while we watch. Clocks are not compared. */
async function showsItself(path: string): Promise<boolean> {
  const touched = async (): Promise<number> => (await stat(path)).mtimeMs;
  try {
    const before = await touched();
    for (let waitedMs = 0; waitedMs < goneMs; waitedMs += beatMs / 4) {
      await new Promise((resolve) => setTimeout(resolve, beatMs / 4));
      if ((await touched()) !== before) return true;
    }
    return false;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Removes the lock of one who is gone, unless another has been quicker and the lock is theirs. */
async function takeAway(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if ((await read(aside)) !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
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

import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ExportError } from "@otlpkit/core";

/**
 * Keeps others from writing to a folder. A lock whose process is gone is taken over, so that nobody needs to remove it
 * after a crash; so is one with our own number and another time of start, as in a container that was started again.
 *
 * @throws ExportError "unavailable" when a living process has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "writer.lock");
  const startedMs = Math.round(performance.timeOrigin);
  for (;;) {
    try {
      await writeFile(path, `${process.pid} ${startedMs}`, { flag: "wx", mode: 0o600 });
      return () => rm(path, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      const [owner = 0, since] = (await readFile(path, "utf8").catch(() => "")).split(" ").map(Number);
      if (owner === process.pid ? since === startedMs : isAlive(owner)) {
        const message = `process ${owner} writes to the audit log in ${folder}; give each log a folder of its own`;
        throw new ExportError("unavailable", message, { cause });
      }
      await rm(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There is one, and it is not ours.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

import { basename, dirname, extname, join } from "node:path";
import type { FileSystem } from "./file-system.ts";

/** When a file is set aside, and how long what was set aside is kept. */
export interface Rotation {
  /** A file that would become larger is set aside; 0 is never. */
  readonly maxBytes: number;
  /** Files set aside longer ago are deleted; 0 is never. */
  readonly maxAgeMs: number;
  /** Only so many are kept, the newest; 0 is all. */
  readonly maxBackups: number;
  /** Names carry local time instead of UTC. */
  readonly localTime: boolean;
}

/** Renames `traces.jsonl` to `traces-2026-01-02T03-04-05.678.jsonl` and deletes what the rules no longer keep. */
export async function rotate(
  path: string,
  { localTime, maxAgeMs, maxBackups }: Rotation,
  fs: FileSystem,
  nowMs: number,
): Promise<void> {
  const extension = extname(path);
  const stem = basename(path, extension);
  const folder = dirname(path);
  const backups = backupsOf(stem, extension, await fs.readdir(folder));
  const shifted = localTime ? nowMs - new Date(nowMs).getTimezoneOffset() * 60_000 : nowMs;
  // Later than all before it, also when the clock was put back or stood still.
  const stampMs = Math.max(shifted, 1 + Math.max(0, ...backups.map((backup) => backup.stampMs)));
  await fs.rename(path, join(folder, `${stem}-${writeStamp(stampMs)}${extension}`));

  const kept = [...backups, { name: "", stampMs }].toSorted((one, other) => other.stampMs - one.stampMs);
  const surplus = kept.filter(
    (backup, index) =>
      backup.name !== "" &&
      ((maxBackups > 0 && index >= maxBackups) || (maxAgeMs > 0 && backup.stampMs < shifted - maxAgeMs)),
  );
  await Promise.all(surplus.map(({ name }) => fs.unlink(join(folder, name))));
}

interface Backup {
  readonly name: string;
  /** As if its name were in UTC, which it may not be; good for comparing. */
  readonly stampMs: number;
}

function backupsOf(stem: string, extension: string, names: readonly string[]): Backup[] {
  return names.flatMap((name) => {
    if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) return [];
    const stampMs = readStamp(name.slice(stem.length + 1, name.length - extension.length));
    return stampMs === undefined ? [] : [{ name, stampMs }];
  });
}

/** Sorts as time does, and holds nothing that a file system minds. */
function writeStamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1).replaceAll(":", "-");
}

function readStamp(text: string): number | undefined {
  const [, date, hours, minutes, seconds] = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d\.\d{3})$/u.exec(text) ?? [];
  const ms = date === undefined ? Number.NaN : Date.parse(`${date}${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

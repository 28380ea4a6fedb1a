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
export async function rotate(path: string, rotation: Rotation, fs: FileSystem, nowMs: number): Promise<void> {
  const extension = extname(path);
  const stem = basename(path, extension);
  const folder = dirname(path);
  const taken = new Set(await fs.readdir(folder));
  let name = `${stem}-${stamp(nowMs, rotation.localTime)}${extension}`;
  // Two within a millisecond: the later must not overwrite the earlier.
  for (let extra = 1; taken.has(name); extra++)
    name = `${stem}-${stamp(nowMs + extra, rotation.localTime)}${extension}`;
  await fs.rename(path, join(folder, name));
  await prune(folder, stem, extension, rotation, fs, nowMs);
}

async function prune(
  folder: string,
  stem: string,
  extension: string,
  { maxAgeMs, maxBackups, localTime }: Rotation,
  fs: FileSystem,
  nowMs: number,
): Promise<void> {
  if (maxAgeMs === 0 && maxBackups === 0) return;
  const backups = (await fs.readdir(folder))
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension))
    .filter((name) => stampPattern.test(name.slice(stem.length + 1, name.length - extension.length)))
    .toSorted()
    .toReversed();
  const oldest = `${stem}-${stamp(nowMs - maxAgeMs, localTime)}${extension}`;
  const surplus = backups.filter(
    (name, index) => (maxBackups > 0 && index >= maxBackups) || (maxAgeMs > 0 && name < oldest),
  );
  await Promise.all(surplus.map((name) => fs.unlink(join(folder, name))));
}

const stampPattern = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/u;

/** Sorts as time does, and holds nothing that a file system minds. */
function stamp(ms: number, localTime: boolean): string {
  const shifted = localTime ? ms - new Date(ms).getTimezoneOffset() * 60_000 : ms;
  return new Date(shifted).toISOString().slice(0, -1).replaceAll(":", "-");
}

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of its own, small enough to be filled. */
export interface SmallDisk {
  readonly folder: string;
  freeBytes(): number;
  /** Takes so many bytes of it for something else. */
  fill(bytes: number): void;
  /** Gives them back. */
  free(): void;
  remove(): void;
}

/** Mounts one of so many MiB in memory; `undefined` where this process may not. */
export function smallDisk(mebibytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "otlpkit-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    // Only root may, and not everywhere.
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const other = join(folder, "other");
  return {
    folder,
    freeBytes() {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
    fill: (bytes) => writeFileSync(other, new Uint8Array(bytes)),
    free: () => rmSync(other),
    remove() {
      execFileSync("umount", ["--lazy", folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

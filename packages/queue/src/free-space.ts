import type { Settings } from "./options.ts";

/** Leaves some of the disk to others. */
export interface FreeSpace {
  /** Fails with "ENOSPC" when so many bytes more would leave too little. Looks now and then only. */
  check(bytes: number): Promise<void>;
}

const everyMs = 1000;
const everyBytes = 16 * 1024 * 1024;

export function freeSpace({
  files,
  folder,
  minFreeBytes,
  now,
}: Pick<Settings, "files" | "folder" | "minFreeBytes" | "now">): FreeSpace {
  let lookedAtMs = -Infinity;
  let bytesSince = 0;
  return {
    async check(bytes) {
      const nowMs = now();
      bytesSince += bytes;
      if (nowMs - lookedAtMs < everyMs && bytesSince < everyBytes) return;
      const free = await files.freeBytes(folder);
      if (free - bytes < minFreeBytes) {
        const message = `the disk has ${free} bytes left, and ${minFreeBytes} are to stay free`;
        throw Object.assign(new Error(message), { code: "ENOSPC" });
      }
      lookedAtMs = nowMs;
      bytesSince = 0;
    },
  };
}

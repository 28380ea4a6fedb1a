import type { Writable } from "node:stream";
import { createGzip } from "node:zlib";

/** Whether the other side is gone or the exchange is over. */
export interface Ended {
  readonly promise: Promise<void>;
  is(): boolean;
}

/** Waits, but not longer than the exchange lasts. */
export async function pause(ms: number, ended: Ended): Promise<void> {
  if (ended.is()) return;
  let timer: NodeJS.Timeout | undefined;
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([slept, ended.promise]);
  clearTimeout(timer);
}

/** Writes zeros until the other side goes, as fast as it reads. */
export function endlessly(to: Writable, gzip: boolean): void {
  const chunk = new Uint8Array(64 * 1024);
  const target: Writable = gzip ? createGzip() : to;
  if (gzip) (target as ReturnType<typeof createGzip>).pipe(to);
  to.on("error", () => {
    // Expected: the other side has had enough.
  });
  to.once("close", () => {
    if (gzip) target.destroy();
  });
  const more = (): void => {
    while (!to.destroyed && !target.destroyed) {
      if (target.write(chunk)) continue;
      target.once("drain", more);
      return;
    }
  };
  more();
}

import { unlink } from "node:fs/promises";
import { connect } from "node:net";

/**
 * Removes a Unix socket that nobody listens on: what a program leaves behind that was killed. One that is listened on
 * stays, and whoever wants it is told that it is taken.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const stale = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
  if (stale) await unlink(path);
}

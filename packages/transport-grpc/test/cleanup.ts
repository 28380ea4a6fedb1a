import { afterEach } from "vitest";

/** Things that a test has started, closed after it, the last first. */
export function cleanup(): <T extends { close(): unknown }>(started: T) => T {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    while (open.length > 0) await open.pop()?.close();
  });
  return (started) => {
    open.push(started);
    return started;
  };
}

import type { Outcome } from "../subject.ts";

/** Runs something that says what went wrong, or throws it, and takes the time. */
export async function timed(run: () => Promise<string | undefined>): Promise<Outcome> {
  const startedMs = performance.now();
  let message: string | undefined;
  try {
    message = await run();
  } catch (error) {
    message = error instanceof Error ? error.message || error.name : JSON.stringify(error);
  }
  return { ok: message === undefined, message: message ?? "", tookMs: performance.now() - startedMs };
}

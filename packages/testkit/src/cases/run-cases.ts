import type { Runner } from "./runner.ts";

/** What came of a set of cases. */
export interface CaseOutcomes {
  /** Names of the cases that hold. */
  readonly passed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
  /** Names of the cases that do not apply, with the reason. */
  readonly skipped: readonly string[];
}

/**
 * Runs cases where there is no test runner, one after the other: in a script, or at the start of a program that loads
 * plugins. A case that takes longer than `patienceMs` (default 10,000) has failed.
 *
 * ```ts no-run
 * const { failed } = await runCases((runner) => compressorCases(runner, () => snappy()));
 * ```
 */
export async function runCases(
  register: (runner: Runner) => void,
  options: { readonly patienceMs?: number } = {},
): Promise<CaseOutcomes> {
  const { patienceMs = 10_000 } = options;
  const cases: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  const skipped: string[] = [];
  const it = (name: string, run: () => Promise<void>): void => void cases.push({ name, run });
  register({ it: Object.assign(it, { skip: (name: string) => void skipped.push(name) }) });

  const passed: string[] = [];
  const failed: { readonly name: string; readonly error: unknown }[] = [];
  for (const { name, run } of cases) {
    try {
      await withPatience(run, patienceMs);
      passed.push(name);
    } catch (error) {
      failed.push({ name, error });
    }
  }
  return { passed, failed, skipped };
}

async function withPatience(run: () => Promise<void>, patienceMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${patienceMs} ms`)), patienceMs);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

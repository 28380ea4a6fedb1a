/** What the kit needs of a test runner: `it` of vitest, jest, mocha, node:test, bun. */
export interface Runner {
  readonly it: {
    (name: string, run: () => Promise<void>): unknown;
    /** Lists a case that is not run. Without it such a case is listed as an empty test. */
    readonly skip?: unknown;
  };
}

/** Options of every set of cases. */
export interface CaseOptions {
  /**
   * Cases that do not apply, by their name, each with the reason. They are listed as skipped with that reason. A name that
   * is not among the cases is an error, so that nothing is left out by a slip.
   */
  readonly cannot?: Readonly<Record<string, string>>;
}

/** One requirement: a sentence with the ids of the checklist, and what proves it. */
export interface Case {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Hands the cases to the runner. */
export function register(runner: Runner, cases: readonly Case[], options: CaseOptions = {}): void {
  const { cannot = {} } = options;
  const names = new Set(cases.map(({ name }) => name));
  const unknown = Object.keys(cannot).find((name) => !names.has(name));
  if (unknown !== undefined) {
    throw new Error(`cannot: there is no case "${unknown}"; the cases are:\n  ${[...names].join("\n  ")}`);
  }
  for (const { name, run } of cases) {
    const reason = cannot[name];
    if (reason === undefined) runner.it(name, run);
    else skip(runner, `${name} (cannot: ${reason})`);
  }
}

/** Shows a case that is not run; its name says why. Not every runner can skip. */
function skip({ it }: Runner, name: string): void {
  if (typeof it.skip === "function") it.skip(name, async () => {});
  else it(`SKIPPED: ${name}`, async () => {});
}

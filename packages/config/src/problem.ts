/** One thing wrong with a configuration, and where. */
export interface Problem {
  /** The way to it through the file: `exporters.otlp.retry_on_failure`. Empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what to do about it. */
  readonly message: string;
  /** Line in the file, from 1; absent when the configuration has no text to point into. */
  readonly line?: number | undefined;
  /** Column in the line, from 1. */
  readonly column?: number | undefined;
}

/** The steps from the root of the file to a value; a number is an index into a list. */
export type Path = readonly (string | number)[];

/** Writes a path as people do: `service.pipelines.traces/2.exporters[0]`. */
export function writePath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/**
 * Everything that is wrong with a configuration, in the order of the file. The message lists all of it, a line each,
 * as `FILE:LINE:COLUMN PATH: what and what to do`, which editors and terminals turn into links.
 */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map((problem) => writeProblem(file, problem)).join("\n"));
    this.problems = problems;
  }
}

/** One problem as a line of text. */
export function writeProblem(file: string, problem: Problem): string {
  const place = problem.line === undefined ? file : `${file}:${problem.line}:${problem.column ?? 1}`;
  return problem.path === "" ? `${place} ${problem.message}` : `${place} ${problem.path}: ${problem.message}`;
}

import { readFileSync } from "node:fs";

/** One import or re-export in a source file. */
export interface Import {
  /** What stands between the quotes. */
  readonly specifier: string;
  /** `import type` and `export type`: gone after compilation, but an arrow all the same. */
  readonly typeOnly: boolean;
  /** `import("…")`, loaded when it is needed. */
  readonly dynamic: boolean;
}

// The sources are formatted, so statements begin their line and strings are in double quotes.
const statement = /^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
const call = /\bimport\(\s*"([^"]+)"\s*\)/g;
const builtin = /\bgetBuiltinModule\(\s*"([^"]+)"\s*\)/g;

/** The imports of a TypeScript file, `process.getBuiltinModule("…")` included. */
export function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, "utf8").replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, "");
  const found = (pattern: RegExp, dynamic: boolean): Import[] =>
    [...text.matchAll(pattern)].map((match) => ({
      specifier: match.at(-1) as string,
      typeOnly: pattern === statement && match[1] !== undefined,
      dynamic,
    }));
  return [...found(statement, false), ...found(call, true), ...found(builtin, true)];
}

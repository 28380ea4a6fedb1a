import type * as Yaml from "yaml";
import type { Path, Problem } from "./problem.ts";

/** A parsed file that still knows where everything stood. */
export interface YamlFile {
  /** The content as plain values. `undefined` when it could not be read. */
  readonly value: unknown;
  /** What YAML itself has to say against it. */
  readonly problems: readonly Problem[];
  /** Line and column of what a path names, or of the nearest thing above it that is in the text. */
  locate(path: Path): { readonly line: number; readonly column: number } | undefined;
  /** A text as YAML would read it: "8080" is a number. Throws when it is no YAML. */
  parse(text: string): unknown;
}

/** Parses YAML 1.2 with the merge keys (`<<`) of 1.1, as the Collector does. */
export async function parseYaml(text: string): Promise<YamlFile> {
  // Not needed by who makes a configuration of values, and the slowest part of a start.
  const yaml = await import("yaml");
  const { LineCounter, parseDocument } = yaml;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: "error" });
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems: Problem[] = document.errors.map((error) => ({
    path: "",
    message: `not valid YAML: ${error.message}`,
    ...place(error.pos[0]),
  }));
  let value: unknown;
  if (problems.length === 0) {
    try {
      value = document.toJS();
    } catch (error) {
      problems.push({ path: "", message: `not valid YAML: ${(error as Error).message}` }); // an alias without anchor
    }
  }
  return {
    value,
    problems,
    locate(path) {
      const offset = offsetOf(yaml, document.contents, path);
      return offset === undefined ? undefined : place(offset);
    },
    parse: (scalar) => yaml.parse(scalar, { logLevel: "error" }) as unknown,
  };
}

function offsetOf(
  { isAlias, isMap, isScalar, isSeq }: typeof Yaml,
  root: Yaml.Node | null,
  path: Path,
): number | undefined {
  let node: unknown = root;
  let offset = root?.range?.[0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) break;
      offset = (pair.key as Yaml.Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      offset = (node as Yaml.Node | undefined)?.range?.[0] ?? offset;
    } else break;
    if (isAlias(node)) break;
  }
  return offset;
}

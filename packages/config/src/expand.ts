import type { Path } from "./problem.ts";

/** What the environment holds: `process.env`, or any record in a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Told what was odd about a reference: an error, or a variable that is not set. */
export type OnReference = (severity: "error" | "warning", path: Path, message: string) => void;

/** What references are replaced with, and who hears of it. */
export interface Expansion {
  readonly environment: Environment;
  readonly report: OnReference;
  /** Reads a text as the language of the file would: "8080" is a number. Throws when it cannot. */
  readonly parse: (text: string) => unknown;
}

/**
 * Replaces references to the environment in every text of a parsed file: `${env:NAME}`, `${NAME}`,
 * `${env:NAME:-default}`; a default may hold references of its own. `$$` stands for one `$`, and a `$` before anything
 * else for itself. What a variable holds is taken as it is and not searched again.
 *
 * A text that is one reference and nothing else takes the type that its content has in YAML, so `${env:PORT}` can be a
 * number (a number that would not be written the same again stays text: "007").
 */
export function expand(value: unknown, expansion: Expansion, path: Path = []): unknown {
  if (typeof value === "string") return value.includes("$") ? expandText(value, expansion, path) : value;
  if (Array.isArray(value)) return value.map((item, index) => expand(item, expansion, [...path, index]));
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([key, item]) => [key, expand(item, expansion, [...path, key])]));
  }
  return value;
}

function expandText(text: string, expansion: Expansion, path: Path): unknown {
  let out = "";
  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0) return out + text.slice(at);
    out += text.slice(at, dollar);
    if (text[dollar + 1] === "{") {
      const end = closingBrace(text, dollar + 2);
      if (end < 0) {
        expansion.report("error", path, `"\${" without its "}"; write "$$" for a plain dollar sign`);
        return text;
      }
      const content = lookUp(text.slice(dollar + 2, end), expansion, path);
      if (dollar === 0 && end === text.length - 1) return typed(content, expansion.parse);
      out += content;
      at = end + 1;
    } else {
      out += "$";
      at = dollar + (text[dollar + 1] === "$" ? 2 : 1);
    }
  }
  return out;
}

/** Where the brace opened before `from` closes, or -1. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "}" && --depth === 0) return at;
    if (text[at] === "$" && text[at + 1] === "{") depth++;
  }
  return -1;
}

function lookUp(reference: string, expansion: Expansion, path: Path): string {
  const { environment, report } = expansion;
  const [, scheme, name, fallback] = /^(?:([a-z][a-z0-9+.-]*):(?!-))?(.*?)(?::-(.*))?$/isu.exec(reference) ?? [];
  if (scheme !== undefined && scheme !== "env") {
    report("error", path, `cannot read "\${${scheme}:...}"; only the environment can be named: \${env:NAME}`);
    return "";
  }
  if (name === undefined || !/^[a-z_][a-z0-9_]*$/iu.test(name)) {
    report("error", path, `"${name ?? ""}" is no name of an environment variable; letters, digits and _ are`);
    return "";
  }
  const content = environment[name];
  if (content !== undefined && (content !== "" || fallback === undefined)) return content;
  if (fallback !== undefined) return String(expandText(fallback, expansion, path));
  report("warning", path, `the environment variable ${name} is not set; it is read as empty`);
  return "";
}

/** A text in the type that its content has, unless that loses something. */
function typed(text: string, parse: Expansion["parse"]): unknown {
  try {
    const value = parse(text);
    return typeof value === "number" && String(value) !== text ? text : value;
  } catch {
    return text; // a password, for instance
  }
}

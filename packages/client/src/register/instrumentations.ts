import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { hookImports } from "./hook-imports.ts";

type Exports = Readonly<Record<string, unknown>>;
type Warn = (warning: string) => void;

const all = "@opentelemetry/auto-instrumentations-node";

/**
 * Switches on the instrumentations that a program has installed: all of `@opentelemetry/auto-instrumentations-node`, or
 * else each `@opentelemetry/instrumentation-*` that its package.json names. They find the providers by themselves, and so
 * must come after those. Nothing missing is an error.
 *
 * @param folder where the program is
 */
export function switchOnInstrumentations(folder: string, warn: Warn): void {
  const require = createRequire(join(folder, "program.js"));
  const isThere = (name: string): boolean => pathOf(require, name) !== undefined;
  const names = isThere(all) ? [all] : named(folder).filter(isThere);
  if (names[0] === undefined) return;
  // Before anything is loaded that they are to change.
  hookImports(require.resolve(names[0]));
  for (const name of names) {
    try {
      switchOn(require(name) as Exports);
    } catch (error) {
      warn(`cannot switch on ${name}: ${String(error)}`);
    }
  }
}

function pathOf(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

/** Single instrumentations, in the nearest package.json. */
function named(folder: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(join(folder, "package.json"), "utf8");
  } catch {
    const parent = dirname(folder);
    return parent === folder ? [] : named(parent);
  }
  const { dependencies, devDependencies } = JSON.parse(text) as Readonly<Record<string, object | undefined>>;
  return Object.keys({ ...dependencies, ...devDependencies }).filter((name) =>
    name.startsWith("@opentelemetry/instrumentation-"),
  );
}

/** Makes those that a package has. Each is on as soon as it is made. */
function switchOn(exports: Exports): readonly unknown[] {
  const { getNodeAutoInstrumentations: makeAll } = exports;
  if (typeof makeAll === "function") return makeAll() as readonly unknown[];
  return Object.entries(exports).flatMap(([name, value]) =>
    name.endsWith("Instrumentation") && isInstrumentation(value) ? [new value()] : [],
  );
}

function isInstrumentation(value: unknown): value is new () => object {
  return (
    typeof value === "function" && typeof (value.prototype as { enable?: unknown } | undefined)?.enable === "function"
  );
}

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { importsOf } from "./imports.ts";
import { type Room, rooms, root, shown } from "./workspace.ts";

const condition = "@otlpkit/source";

/** Entries that must run where there is no Node: nothing they reach may be a `node:` module. */
const browserEntries: Readonly<Record<string, readonly string[]>> = {
  core: ["."],
  otlp: ["."],
  retry: ["."],
  batcher: ["."],
  compression: ["."],
  "transport-http": ["./fetch"],
  client: [".", "./sdk"],
  "opentelemetry-http": ["."],
  "opentelemetry-proto": ["."],
  testkit: ["."],
};

/**
 * Walks from every entry of every package along its imports and says what it reaches outside of itself. A leak is a
 * `node:` module in a browser entry, or a foreign package that the manifest does not name: its user would find out at
 * run time.
 */
export function checkLeaks(all: readonly Room[] = rooms()): {
  readonly lines: readonly string[];
  readonly problems: readonly string[];
} {
  const lines: string[] = [];
  const problems: string[] = [];
  for (const room of all.filter(({ kind }) => kind === "package")) {
    for (const entry of Object.keys(room.manifest.exports ?? {}).filter((name) => name !== "./package.json")) {
      const browser = browserEntries[room.name]?.includes(entry) ?? false;
      const reached = reach(all, room, entry, browser);
      const builtins = [...reached.keys()].filter((name) => name.startsWith("node:"));
      const foreign = [...reached.keys()].filter((name) => !name.startsWith("node:"));
      lines.push(
        `${`${room.name}${entry.slice(1)}`.padEnd(24)} ${[...foreign, ...builtins].toSorted().join(", ") || "nothing"}`,
      );
      if (browser) {
        for (const name of builtins)
          problems.push(`${room.name} ${entry} must run in browsers but reaches ${name} by ${reached.get(name)}`);
      }
      const named = { ...room.manifest.dependencies, ...room.manifest.peerDependencies };
      for (const name of foreign) {
        const owner = all.find((other) => reached.get(name)?.startsWith(`${shown(other.folder)}/`)) ?? room;
        const known = { ...named, ...owner.manifest.dependencies, ...owner.manifest.peerDependencies };
        if (!(name in known))
          problems.push(`${room.name} ${entry} reaches ${name}, which no package.json names (${reached.get(name)})`);
      }
    }
  }
  return { lines, problems };
}

/** Foreign modules reached from an entry, each with the file that asked for it. */
function reach(all: readonly Room[], room: Room, entry: string, browser: boolean): Map<string, string> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  const visit = (file: string, owner: Room): void => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    for (const { specifier, typeOnly } of importsOf(file)) {
      if (typeOnly) continue;
      if (specifier.startsWith(".")) visit(join(dirname(file), specifier), owner);
      else if (specifier.startsWith("#"))
        visit(join(owner.folder, target(owner.manifest.imports?.[specifier], browser)), owner);
      else if (specifier.startsWith("@otlpkit/")) {
        const [, name = "", ...rest] = specifier.split("/");
        const next = all.find((other) => other.name === name);
        if (next) visit(entryFile(next, rest.length > 0 ? `./${rest.join("/")}` : ".", browser), next);
      } else {
        const [first = "", second = ""] = specifier.split("/");
        const name = specifier.startsWith("@")
          ? `${first}/${second}`
          : specifier.startsWith("node:")
            ? specifier
            : first;
        found.set(name, shown(file));
      }
    }
  };
  visit(entryFile(room, entry, browser), room);
  return found;
}

function entryFile(room: Room, entry: string, browser: boolean): string {
  return join(room.folder, target(room.manifest.exports?.[entry], browser));
}

/** Resolves a conditional target the way a bundler would, on sources. */
function target(value: unknown, browser: boolean): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return root;
  const conditions = value as Record<string, unknown>;
  const order = [condition, browser ? "browser" : "node", "default"];
  const chosen = order.find((name) => name in conditions);
  return chosen ? target(conditions[chosen], browser) : root;
}

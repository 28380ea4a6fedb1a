import { dirname, join, sep } from "node:path";
import { importsOf } from "./imports.ts";
import { type Room, rooms, shown } from "./workspace.ts";

/** Who may put rooms together. Every other package leans on the foundations only. */
const composers = /^(client|opentelemetry-.*)$/;
const foundations = ["core", "otlp"];

/** Foundations lean on less than the others: the order is the order of construction. */
const allowed: Readonly<Record<string, readonly string[]>> = { core: [], otlp: ["core"] };

/**
 * The arrows between packages, as found in the sources, and what is wrong with them: a sideways arrow, an import past a
 * package's public face, a relative import that leaves the package, a dependency that the manifest does not name.
 */
export function checkArrows(all: readonly Room[] = rooms()): {
  readonly lines: readonly string[];
  readonly problems: readonly string[];
} {
  const lines: string[] = [];
  const problems: string[] = [];
  for (const room of all) {
    const targets = new Set<string>();
    for (const file of room.files) {
      const test = isTest(file);
      for (const { specifier } of importsOf(file)) {
        if (specifier.startsWith(".")) {
          const target = join(dirname(file), specifier);
          if (!target.startsWith(room.folder + sep)) problems.push(`${shown(file)}: "${specifier}" leaves the package`);
          continue;
        }
        if (!specifier.startsWith("@otlpkit/")) continue;
        const [, name = "", ...rest] = specifier.split("/");
        // Tools have no public face, and only tests may use them.
        if (name === room.name || (test && name.startsWith("tool-"))) continue;
        problems.push(...publicFace(all, file, specifier, name, rest), ...declared(room, file, name, test));
        if (test) continue;
        targets.add(name);
        if (!mayImport(room, name)) problems.push(`${shown(file)}: sideways arrow ${room.name} -> ${name}`);
      }
    }
    const names = [...targets].toSorted();
    lines.push(`${room.name.padEnd(16)} ${names.length > 0 ? `-> ${names.join(", ")}` : "leans on nothing"}`);
  }
  return { lines, problems: [...new Set(problems)] };
}

/** Tests, and the packages that exist for tests, may use any room. */
function isTest(file: string): boolean {
  return file.endsWith(".test.ts") || file.includes(`${sep}test${sep}`);
}

function mayImport(room: Room, name: string): boolean {
  if (room.kind === "app" || composers.test(room.name)) return true;
  return (allowed[room.name] ?? foundations).includes(name);
}

function publicFace(all: readonly Room[], file: string, specifier: string, name: string, rest: string[]): string[] {
  const target = all.find((room) => room.name === name);
  if (!target) return [`${shown(file)}: "${specifier}" names no package of ours`];
  const entry = rest.length > 0 ? `./${rest.join("/")}` : ".";
  if (target.manifest.exports && !(entry in target.manifest.exports)) {
    return [
      `${shown(file)}: deep import "${specifier}"; ${name} exports ${Object.keys(target.manifest.exports).join(", ")}`,
    ];
  }
  return [];
}

function declared(room: Room, file: string, name: string, test: boolean): string[] {
  const { dependencies, peerDependencies, devDependencies } = room.manifest;
  const known = { ...dependencies, ...peerDependencies, ...(test ? devDependencies : {}) };
  if (`@otlpkit/${name}` in known) return [];
  return [
    `${shown(file)}: imports @otlpkit/${name}, which package.json does not name${test ? "" : " in dependencies"}`,
  ];
}

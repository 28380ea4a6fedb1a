import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Room, rooms } from "./workspace.ts";

/** Run-time dependencies are counted on one hand, our own contracts not among them. */
const mostDependencies = 5;

/** What every published package must have, whatever is in it. */
export function checkFurniture(): { readonly lines: readonly string[]; readonly problems: readonly string[] } {
  const published = rooms().filter(({ manifest }) => !manifest.private);
  const problems = published.flatMap((room) => [...files(room), ...manifestOf(room)]);
  return { lines: [`${published.length} published packages`], problems };
}

function files(room: Room): string[] {
  return ["README.md", "LICENSE", "tsconfig.json", "tsconfig.build.json"]
    .filter((name) => !existsSync(join(room.folder, name)))
    .map((name) => `${room.name} has no ${name}`);
}

function manifestOf(room: Room): string[] {
  const problems: string[] = [];
  const text = JSON.parse(readFileSync(join(room.folder, "package.json"), "utf8")) as Record<string, unknown>;
  const say = (problem: string): void => void problems.push(`${room.name}: ${problem}`);
  if (text["license"] !== "Apache-2.0") say('license is not "Apache-2.0"');
  if (text["type"] !== "module") say('type is not "module"');
  if (typeof text["description"] !== "string") say("no description");
  if ((text["engines"] as { node?: string } | undefined)?.node !== ">=20.19") say('engines.node is not ">=20.19"');
  // False, or the few entries that are imported for what they do.
  if (room.kind === "package" && text["sideEffects"] !== false && !Array.isArray(text["sideEffects"])) {
    say("sideEffects is not false");
  }
  if (room.manifest.optionalDependencies) say("optionalDependencies are not allowed: they break installs with pnpm");
  const scripts = room.manifest.scripts ?? {};
  for (const name of ["build", "typecheck"]) if (!scripts[name]) say(`no script ${name}`);
  for (const name of ["preinstall", "install", "postinstall"])
    if (scripts[name]) say(`has an install script (${name})`);
  const foreign = Object.keys(room.manifest.dependencies ?? {}).filter((name) => !name.startsWith("@otlpkit/"));
  if (foreign.length > mostDependencies) say(`${foreign.length} run-time dependencies; at most ${mostDependencies}`);
  return problems;
}

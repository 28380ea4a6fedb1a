import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the repository is. */
export const root: string = fileURLToPath(new URL("../../..", import.meta.url));

/** The part of a package.json that the checks look at. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, unknown>> | string>>;
  readonly imports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** A folder of `packages` or `apps`. */
export interface Room {
  /** The name without the scope: "transport-http". */
  readonly name: string;
  readonly kind: "package" | "app";
  readonly folder: string;
  readonly manifest: Manifest;
  /** TypeScript sources, tests included. */
  readonly files: readonly string[];
}

/** All packages and apps, by name. */
export function rooms(): readonly Room[] {
  const found = [...list("packages", "package"), ...list("apps", "app")];
  return found.toSorted((a, b) => a.name.localeCompare(b.name));
}

/** A path as people say it, from the root of the repository. */
export function shown(path: string): string {
  return relative(root, path);
}

function list(parent: string, kind: Room["kind"]): Room[] {
  return readdirSync(join(root, parent))
    .filter((name) => existsSync(join(root, parent, name, "package.json")))
    .map((name) => {
      const folder = join(root, parent, name);
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
      return { name, kind, folder, manifest, files: sources(folder) };
    });
}

function sources(folder: string): string[] {
  return ["src", "test"]
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path, { recursive: true, encoding: "utf8" }).map((file) => join(path, file)))
    .filter((file) => file.endsWith(".ts"));
}

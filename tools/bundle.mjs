// Puts the modules of a package's `dist` together, one file for each entry and one for what entries share, since a program
// pays about a quarter of a millisecond for each file that it imports. `tsc` has made types, maps and one file a module
// before. Run in the package's folder: `node ../../tools/bundle.mjs`.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";

const { exports = {}, imports = {}, bin = {} } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = [...new Set([exports, imports, bin].flatMap(targets))].map((path) => resolve(path));
const before = readdirSync("dist", { recursive: true })
  .filter((name) => /\.js(\.map)?$/.test(name))
  .map((name) => join("dist", name));

const { outputFiles } = await build({
  entryPoints: Object.fromEntries(entries.map((path) => [relative("dist", path).replace(/\.js$/, ""), path])),
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "es2023",
  // Other packages are the user's to install once; what a condition chooses is chosen at the user's.
  packages: "external",
  external: ["#*"],
  charset: "utf8",
  sourcemap: "linked",
  sourcesContent: false,
  chunkNames: "shared/[name]-[hash]",
  outdir: "dist",
  write: false,
});
for (const path of before) rmSync(path);
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

/** Files in `dist` that a map of package.json leads to, under whatever conditions. */
function targets(value) {
  if (typeof value === "string") return /^(\.\/)?dist\/.*\.js$/.test(value) ? [value] : [];
  return Object.values(value ?? {}).flatMap(targets);
}

// What users get: every published package, packed, installed with npm into an empty project, and imported on every
// Node that the packages promise to run on.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packAll } from "../src/pack.ts";
import { rooms, root } from "../src/workspace.ts";

const exec = promisify(execFile);
const matrix = join(root, "tools/node-matrix/node_modules");
const nodes = new Map([
  ["20", join(matrix, "node-20/bin/node")],
  ["22", join(matrix, "node-22/bin/node")],
  ["24", join(matrix, "node-24/bin/node")],
  ["26", process.execPath],
]);
// The older Nodes come as Linux x64 packages; elsewhere only the pinned one is tried, and the run says so.
const versions = [...nodes].filter(([, path]) => existsSync(path)).map(([version]) => version);
if (process.platform === "linux" && process.arch === "x64") {
  it("has every Node of the promise at hand", () => expect(versions).toEqual(["20", "22", "24", "26"]));
} else {
  console.warn(`importing the packed packages on Node ${versions.join(", ")} only`);
}

const published = rooms().filter(({ manifest }) => !manifest.private);
const entries = published
  .filter(({ kind }) => kind === "package")
  .flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {})
      .filter((entry) => entry !== "./package.json")
      .map((entry) => manifest.name + entry.slice(1)),
  );

let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "otlpkit-consumer-"));
  await exec(process.execPath, [join(root, "tools/run.mjs"), "build"], { cwd: root });
  const packed = await packAll();
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const quiet = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts"];
  try {
    // The one peer that an entry cannot do without: whoever takes `client/api` has it.
    const peers = ["@opentelemetry/api@1.9.0"];
    await exec("npm", ["install", ...quiet, ...peers, ...packed.tarballs.values()], { cwd: project });
  } finally {
    await packed.dispose();
  }
  await writeFile(
    join(project, "import.mjs"),
    `for (const name of ${JSON.stringify(entries)}) {
  const found = Object.keys(await import(name));
  if (found.length === 0) throw new Error(name + " exports nothing");
  console.log(name, found.length);
}
`,
  );
  await writeFile(
    join(project, "require.cjs"),
    `for (const name of ${JSON.stringify(entries)}) console.log(name, Object.keys(require(name)).length);\n`,
  );
}, 240_000);

afterAll(() => rm(project, { recursive: true, force: true }));

describe.each(versions)("installed from the tarball, on Node %s", (version) => {
  const node = nodes.get(version) as string;

  it("every entry can be imported", async () => {
    const { stdout } = await exec(node, ["import.mjs"], { cwd: project });
    expect(stdout.trim().split("\n")).toHaveLength(entries.length);
  });

  it("every entry can be required", async () => {
    const { stdout } = await exec(node, ["require.cjs"], { cwd: project });
    expect(stdout.trim().split("\n")).toHaveLength(entries.length);
  });

  it.each(published.filter(({ kind }) => kind === "app").map(({ name, manifest }) => [name, manifest.name]))(
    "%s says its version",
    async (_, name) => {
      const main = join(project, "node_modules", name, "dist/main.js");
      const { stdout } = await exec(node, [main, "--version"], { cwd: project });
      expect(stdout.trim()).toMatch(/\d+\.\d+\.\d+/);
    },
  );
});

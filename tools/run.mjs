// The commands of package.json for a machine that has only Node and npm: `node tools/run.mjs COMMAND [ARGUMENT...]`.
// Fetches the pinned pnpm through npx, lets it install what is missing, and runs the rest on the pinned Node.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const source = "--conditions=@otlpkit/source";

/** What each command does once dependencies are there: program and arguments, run with node_modules/.bin first on PATH. */
const commands = {
  start: ["node", source, "apps/relay/src/main.ts"],
  test: ["node", "tools/check.mjs"],
  build: ["turbo", "run", "build", "--output-logs=errors-only"],
  bench: ["node", "--expose-gc", source, "tools/bench/src/main.ts"],
  scenarios: ["node", source, "tools/scenarios/src/main.ts"],
  "test:long": ["vitest", "run", "--config", "vitest.long.config.ts"],
  "test:real": ["node", source, "tools/real/src/main.ts"],
  // Over the cases in the folder that OTLPKIT_GOLDEN names; without it over our own.
  "test:golden": ["vitest", "run", "--project", "node", "golden", "hops"],
  changeset: ["changeset"],
};

const [name, ...rest] = process.argv.slice(2);
if (!Object.hasOwn(commands, name)) {
  console.error(`usage: node tools/run.mjs ${Object.keys(commands).join("|")} [ARGUMENT...]`);
  process.exit(2);
}

const environment = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: process.env.TURBO_TELEMETRY_DISABLED ?? "1",
  DO_NOT_TRACK: process.env.DO_NOT_TRACK ?? "1",
  PATH: `${bin}${delimiter}${process.env.PATH}`,
};

const packageManager = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager.split("+")[0];
if (!installed()) {
  const quiet = name === "start" ? ["--reporter=append-only", "--loglevel=warn"] : [];
  if (name === "start") console.error("installing dependencies (first start only) ...");
  const code = await run("npx", ["--yes", packageManager, "install", "--frozen-lockfile", ...quiet], root);
  if (code !== 0) process.exit(code);
}

// turbo and changeset ask for pnpm by name.
if (["test", "build", "changeset"].includes(name)) environment.PATH += `${delimiter}${pnpmFolder()}`;

const [program, ...args] = commands[name];
// The relay resolves paths from where the user stands; everything else works on the repository.
const cwd = name === "start" ? (process.env.INIT_CWD ?? process.cwd()) : root;
const resolved = args.map((arg) => (/^(apps|tools)\//.test(arg) ? join(root, arg) : arg));
process.exit(await run(join(bin, program), [...resolved, ...rest], cwd));

/** pnpm keeps its own copy of the lock file that it installed; equal text means that nothing is to be done. */
function installed() {
  const copy = join(root, "node_modules", ".pnpm", "lock.yaml");
  return existsSync(copy) && readFileSync(copy, "utf8") === readFileSync(join(root, "pnpm-lock.yaml"), "utf8");
}

/** Where npx keeps the pinned pnpm: the folder that it puts on the PATH of what it calls. */
function pnpmFolder() {
  const words = ["--yes", `--package=${packageManager}`, "--call", "node -p process.env.PATH"];
  const found = execFileSync("npx", words, { encoding: "utf8", shell: process.platform === "win32" });
  return (
    found
      .trim()
      .split(delimiter)
      .find((folder) => existsSync(join(folder, "pnpm"))) ?? ""
  );
}

/**
 * Runs a program, hands signals on, and ends it when our own parent goes. `exec` in package.json puts us in the place of
 * npm's shell, which would die of SIGTERM without passing it on; where a shell stays between, its end is the signal.
 */
function run(file, fileArgs, directory) {
  return new Promise((resolve) => {
    const windows = process.platform === "win32";
    const child = spawn(file, fileArgs, { cwd: directory, env: environment, stdio: "inherit", shell: windows });
    const handlers = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => {
      const forward = () => child.kill(signal);
      process.on(signal, forward);
      return () => process.off(signal, forward);
    });
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid !== parent) child.kill("SIGTERM");
    }, 500);
    watch.unref();
    child.on("error", (error) => {
      console.error(`cannot run ${file}: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      for (const remove of handlers) remove();
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

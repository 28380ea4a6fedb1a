// What `npm test` does, in the order in which mistakes are cheapest to find: format, lint, types, build, what is unused,
// the checks of the house, and last all tests (node and Chromium), whose closing line says how many passed. Stops at the
// first failure.
// `node tools/check.mjs NAME...` runs only the named steps.
import { spawn } from "node:child_process";
import { constants } from "node:os";

const steps = [
  ["format", "every file is formatted", "oxfmt", "--check"],
  ["lint", "no lint finding", "oxlint", "--type-aware", "--deny-warnings", "--report-unused-disable-directives"],
  ["types", "everything type-checks", "turbo", "run", "typecheck", "--output-logs=errors-only"],
  ["build", "everything builds", "turbo", "run", "build", "--output-logs=errors-only"],
  ["proto", "generated code is fresh", "node", "tools/proto/src/generate.ts", "--check"],
  ["unused", "nothing unused: files, exports, dependencies", "knip"],
  ["versions", "one version of each dependency", "sherif"],
  ["house", "arrows, leaks, packages, READMEs", "node", "tools/checks/src/main.ts"],
  ["tests", "all tests pass", "vitest", "run"],
];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !steps.some(([step]) => step === name));
if (unknown.length > 0) {
  console.error(`unknown step ${unknown.join(", ")}; known: ${steps.map(([step]) => step).join(", ")}`);
  process.exit(2);
}

let child;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    child?.kill(signal);
    process.exitCode = 128 + constants.signals[signal];
  });
}

for (const [name, promise, program, ...args] of steps) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n── ${name}: ${promise}`);
  const started = performance.now();
  const code = await run(program, args);
  if (process.exitCode) process.exit();
  if (code !== 0) {
    console.error(`\n${name} failed (exit ${code}); run it alone: npm test ${name}`);
    process.exit(code);
  }
  // The tests come last and end with their own summary line.
  if (name !== "tests") console.log(`   ok (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

function run(program, args) {
  return new Promise((resolve) => {
    child = spawn(program, args, { stdio: "inherit", shell: process.platform === "win32" });
    child.on("error", (error) => {
      console.error(`cannot run ${program}: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

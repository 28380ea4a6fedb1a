// `npm run test:real`: gets the servers that are expected on this machine, runs the cases against them, and says which
// suite met which. Arguments are handed to vitest: `npm run test:real -- etcd` runs the files with etcd in their names.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BackendName, backends } from "./backends.ts";
import { type Found, obtain } from "./real.ts";
import { privateFolder } from "./server.ts";

const names = Object.keys(backends) as BackendName[];
const filters = process.argv.slice(2);
/** Minutes that may go into building what is of the extended set and not there yet. */
const buildMinutes = Number(process.env["OTLPKIT_REAL_MINUTES"] ?? 0);
const folder = privateFolder("real");
process.once("exit", () => folder.remove());
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

const until = performance.now() + buildMinutes * 60_000;
const expected: BackendName[] = [];
let failed = false;
console.log("servers:");
for (const name of names) {
  if (filters.length > 0 && !filters.some((filter) => filter.includes(name))) continue;
  const found: Found = await obtain(name, Math.max(0, (until - performance.now()) / 60_000)).catch((error: Error) => {
    failed = true;
    return { why: `FAILED: ${error.message}` };
  });
  if (found.backend !== undefined) expected.push(name);
  console.log(`  ${name.padEnd(11)} ${found.backend?.name ?? `- ${found.why}`}`);
}
if (expected.length === 0) console.log("No real server can be had here: everything that needs one is skipped.");

const report = join(folder.path, "met.tsv");
writeFileSync(report, "");
const code = await vitest(["run", "--config", "vitest.real.config.ts", "--passWithNoTests", ...filters]);

const met = readFileSync(report, "utf8").trim().split("\n").filter(Boolean).toSorted();
console.log("\nsuites and what they met:");
for (const line of met) console.log(`  ${line.replace("\t", ": ")}`);
const missed = expected.filter(
  (name) => !met.some((line) => line.startsWith(`${name}\t`) && !line.includes("not met")),
);
if (missed.length > 0) {
  console.log(`expected and met by no suite: ${missed.join(", ")}`);
  failed = true;
}
process.exitCode = code === 0 && failed ? 1 : code;

function vitest(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn("vitest", args, { stdio: "inherit", env: { ...process.env, OTLPKIT_REAL_REPORT: report } });
    process.once("exit", () => child.kill("SIGTERM"));
    child.once("error", (error) => {
      console.error(`cannot run vitest: ${error.message}`);
      resolve(1);
    });
    child.once("exit", (status) => resolve(status ?? 1));
  });
}

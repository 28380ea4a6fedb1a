import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rooms, root, shown } from "./workspace.ts";

const block = /^```ts\n([\s\S]*?)^```$/gm;
const limitMs = 30_000;

interface Example {
  readonly readme: string;
  readonly number: number;
  readonly code: string;
  /** The folder from which the example's imports resolve. */
  readonly folder: string;
}

/** Runs every TypeScript example of every README: each must end by itself, with 0, having printed something. */
export async function checkReadmes(): Promise<{
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}> {
  const lines: string[] = [];
  const problems: string[] = [];
  for (const example of examples()) {
    const name = `${shown(example.readme)} #${example.number}`;
    const problem = await run(example);
    if (problem) problems.push(`${name}: ${problem}`);
    else lines.push(name);
  }
  return { lines, problems };
}

function examples(): readonly Example[] {
  const readmes = rooms().map(({ folder }) => ({ readme: join(folder, "README.md"), folder }));
  // The examples of the first page use what an app uses.
  readmes.push({ readme: join(root, "README.md"), folder: join(root, "apps/relay") });
  return readmes
    .filter(({ readme }) => existsSync(readme))
    .flatMap(({ readme, folder }) =>
      [...readFileSync(readme, "utf8").matchAll(block)].map(([, code], index) => ({
        readme,
        number: index + 1,
        code: code as string,
        folder,
      })),
    );
}

function run({ code, folder, number }: Example): Promise<string | undefined> {
  const scratch = join(folder, ".cache");
  mkdirSync(scratch, { recursive: true });
  const file = join(scratch, `readme-${number}.ts`);
  writeFileSync(file, code);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--conditions=@otlpkit/source", file], { cwd: scratch });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    child.on("close", (exit, signal) => {
      clearTimeout(timer);
      rmSync(scratch, { recursive: true, force: true });
      if (signal) resolve(`did not end by itself within ${limitMs / 1000} s`);
      else if (exit !== 0) resolve(`exit ${exit}\n${errors.trim()}`);
      else if (output.trim() === "") resolve("printed nothing");
      else resolve(undefined);
    });
  });
}

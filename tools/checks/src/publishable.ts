import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { packAll } from "./pack.ts";
import { rooms, root } from "./workspace.ts";

const exec = promisify(execFile);

/** publint and "are the types wrong", on the tarballs that would be published. */
export async function checkPublishable(): Promise<{
  readonly lines: readonly string[];
  readonly problems: readonly string[];
}> {
  const lines: string[] = [];
  const problems: string[] = [];
  const packed = await packAll();
  try {
    for (const { name, kind, manifest } of rooms()) {
      const tarball = packed.tarballs.get(manifest.name);
      if (!tarball) continue;
      const tools: [string, string[]][] = [["publint", ["--strict", tarball]]];
      // An app has a command and no entry whose types could be wrong.
      if (kind === "package")
        tools.push(["attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-color"]]);
      for (const [tool, args] of tools) {
        const problem = await complaint(tool, args);
        if (problem) problems.push(`${name}: ${tool} is not content\n${problem}`);
      }
      lines.push(`${name.padEnd(16)} ${tools.map(([tool]) => tool).join(", ")}`);
    }
  } finally {
    await packed.dispose();
  }
  return { lines, problems };
}

async function complaint(tool: string, args: readonly string[]): Promise<string | undefined> {
  try {
    await exec(tool, args, { cwd: root });
    return undefined;
  } catch (error) {
    const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string };
    return `${stdout ?? ""}${stderr ?? ""}` || message;
  }
}

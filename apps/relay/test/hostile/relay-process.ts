import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A relay in a process of its own, as its users run it. */
export interface RelayProcess {
  readonly pid: number;
  /** Everything it said on both streams. */
  output(): string;
  /** A figure of its /metrics page. */
  metric(name: string): Promise<number>;
  /** Resolves when it has said something, with the time. */
  said(text: string): Promise<number>;
  /** Ends it, by default with SIGTERM, and gives its exit code. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Starts the relay with a configuration whose status page is on `statusPort`, and waits until it is ready. */
export async function relayProcess(yaml: string, statusPort: number): Promise<RelayProcess> {
  const folder = await mkdtemp(join(tmpdir(), "otlpkit-relay-"));
  const file = join(folder, "relay.yaml");
  await writeFile(file, yaml);
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ["--conditions=@otlpkit/source", main, "--config", file], {
    cwd: folder,
  });
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const status = `http://127.0.0.1:${statusPort}`;
  while (!(await answers(`${status}/readyz`))) {
    if (child.exitCode !== null) throw new Error(`the relay ended with ${child.exitCode}:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    pid: child.pid as number,
    output: () => said,
    async metric(name) {
      const page = await (await fetch(`${status}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
      const lines = page.split("\n").filter((line) => line.startsWith(name) && /^[ {]/.test(line.slice(name.length)));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    },
    async said(text) {
      while (!said.includes(text)) {
        if (child.exitCode !== null) throw new Error(`the relay ended and has not said "${text}":\n${said}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return performance.now();
    },
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const code = await ended;
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

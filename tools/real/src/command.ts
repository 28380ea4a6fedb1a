import { spawn } from "node:child_process";
import { endWithUs } from "./server.ts";

/** How a command is run. */
export interface CommandOptions {
  /** For the lines that say that it is still running: "building kube-apiserver". */
  readonly doing: string;
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Every so often a long command says that it is still there. */
const progressMs = 30_000;

/**
 * Runs a program to its end, with the least priority, and returns what it wrote.
 *
 * @throws Error with the end of its output when it fails, or takes longer than it may.
 */
export async function command(words: readonly string[], options: CommandOptions): Promise<string> {
  const { doing, timeoutMs, cwd, env } = options;
  const started = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - started) / 1000)} s`;
  // A group of its own, so that the compilers that a build has started end with it.
  const child = spawn("nice", ["-n", "19", ...words], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const forget = endWithUs(-(child.pid ?? 0));
  let output = "";
  const keep = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-20_000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const progress = setInterval(() => console.log(`  ... ${doing} (${seconds()})`), progressMs);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, timeoutMs);
  const code = await new Promise<number | string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (status, signal) => resolve(status ?? signal ?? "gone"));
  });
  clearInterval(progress);
  clearTimeout(timer);
  forget();
  if (code === 0) return output;
  const why = late ? `took longer than ${Math.round(timeoutMs / 1000)} s` : `ended with ${code}`;
  throw new Error(`${doing}: ${words.join(" ")} ${why}\n${output.slice(-3_000)}`);
}

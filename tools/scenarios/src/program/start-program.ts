import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a program does. */
export interface Deeds {
  readonly spans?: number;
  /** Of each span. Default: 1. */
  readonly attributes?: number;
  readonly logs?: number;
  /** A counter, an up-down counter and a histogram. */
  readonly metrics?: boolean;
  /** Then it stays for so long. Default: it ends at once. */
  readonly aliveMs?: number;
}

/** How a program comes to export: what is imported first, and from where it has its API. */
export interface Start {
  readonly importFirst: string;
  /** A path from which `@opentelemetry/api` is found. */
  readonly apiFrom: string;
}

export interface Ended {
  readonly code: number | null;
  readonly tookMs: number;
}

const program = fileURLToPath(new URL("program.ts", import.meta.url));
const patienceMs = 12_000;

/** Runs a program to its end. What it writes goes to `report`, line by line. */
export function startProgram(
  { importFirst, apiFrom }: Start,
  deeds: Deeds,
  environment: Readonly<Record<string, string>>,
  report: (line: string) => void,
): Promise<Ended> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const words = ["--conditions=@otlpkit/source", "--import", importFirst, program];
    const child = spawn(process.execPath, words, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment, SCENARIO_API: apiFrom, SCENARIO_DEEDS: JSON.stringify(deeds) },
    });
    const kill = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        for (const line of text.split("\n")) if (line !== "") report(`warn: ${line}`);
      });
    }
    child.once("close", (code) => {
      clearTimeout(kill);
      resolve({ code, tookMs: performance.now() - startedMs });
    });
  });
}

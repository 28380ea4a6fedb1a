import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Result } from "./scenario.ts";
import type { Protocol } from "./subject.ts";

/** Scenarios for one process. */
export interface Work {
  readonly subject: string;
  readonly protocol: Protocol;
  /** Positions in the list of all scenarios. */
  readonly wanted: readonly number[];
}

/** What a process of `worker.ts` is told. */
export interface Assignment extends Work {
  /** Scenarios at one time. */
  readonly atOnce: number;
  /** A folder where processes keep what they have compiled for each other: they load the same code and are many. */
  readonly compileCache: string;
}

/** What it tells. */
export type Told =
  | { readonly kind: "begun"; readonly index: number }
  | { readonly kind: "result"; readonly index: number; readonly result: Result };

const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
/** A process that says nothing for so long hangs: no scenario is given as much. */
const silenceMs = 90_000;

/**
 * Has a process do the work. When it ends before it is done, those that it was at are tried again, each in a process
 * to itself, to find out which of them it was; the others go on in the next.
 */
export async function workIn(work: Assignment, onResult: (index: number, result: Result) => void): Promise<void> {
  const open = new Set(work.wanted);
  const begun = new Set<number>();
  const end = await processOf(work, (told) => {
    if (told.kind === "begun") {
      begun.add(told.index);
    } else {
      open.delete(told.index);
      begun.delete(told.index);
      onResult(told.index, told.result);
    }
  });
  if (open.size === 0) return;
  // Alone, or not even begun: nobody else can be blamed.
  if (work.wanted.length === 1 || (begun.size === 0 && open.size === work.wanted.length)) {
    for (const index of open) onResult(index, { kind: "instead", what: end });
    return;
  }
  for (const index of begun) {
    await workIn({ ...work, wanted: [index] }, onResult);
    open.delete(index);
  }
  await workIn({ ...work, wanted: [...open] }, onResult);
}

/** Resolves when the process has ended, with how it did in words. */
function processOf(work: Assignment, onTold: (told: Told) => void): Promise<string> {
  return new Promise((resolve) => {
    const child = fork(worker, {
      execArgv: ["--conditions=@otlpkit/source"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...process.env, NODE_COMPILE_CACHE: work.compileCache },
    });
    let said = "";
    let silent = false;
    let silence = setTimeout(stop, silenceMs);
    function stop(): void {
      silent = true;
      child.kill("SIGKILL");
    }
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-4000)));
    child.on("message", (told) => {
      clearTimeout(silence);
      silence = setTimeout(stop, silenceMs);
      onTold(told as Told);
    });
    child.once("close", (code, signal) => {
      clearTimeout(silence);
      resolve(silent ? "the process hangs" : `the process ended: ${reasonIn(said) ?? signal ?? `code ${code}`}`);
    });
    child.send(work);
  });
}

/** The line of a stack trace that names the error. */
function reasonIn(said: string): string | undefined {
  return said.split("\n").find((line) => /^\w*(Error|Exception)\b.*/.test(line));
}

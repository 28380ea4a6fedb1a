import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A part of a benchmark in a process of its own, so that its CPU time can be told from the rest. */
export interface Child {
  /** What it said when it was ready: mostly the address where it listens. */
  readonly ready: string;
  /** CPU µs that it has used so far. */
  cpuMicros(): Promise<number>;
  /** Resident memory in bytes. */
  memoryBytes(): Promise<number>;
  stop(): Promise<void>;
}

interface Report {
  readonly cpuMicros: number;
  readonly memoryBytes: number;
}

/** Starts `roles/NAME.ts` with arguments and waits until it is ready. */
export function startChild(role: string, ...args: string[]): Promise<Child> {
  const file = fileURLToPath(new URL(`roles/${role}.ts`, import.meta.url));
  const child: ChildProcess = fork(file, args, { execArgv: ["--conditions=@otlpkit/source"] });
  const ask = (): Promise<Report> =>
    new Promise((resolve) => {
      child.once("message", (message) => resolve(message as Report));
      child.send("report");
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${role} ended with ${code} before it was ready`)));
    child.once("message", (message) => {
      resolve({
        ready: message as string,
        cpuMicros: async () => (await ask()).cpuMicros,
        memoryBytes: async () => (await ask()).memoryBytes,
        stop: () =>
          new Promise((stopped) => {
            child.once("exit", () => stopped());
            child.kill();
          }),
      });
    });
  });
}

/** In a role: says that it is ready, and answers questions about what it has used. */
export function ready(message: string): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system, memoryBytes: process.memoryUsage.rss() } satisfies Report);
  });
  process.on("disconnect", () => process.exit());
  process.send?.(message);
}

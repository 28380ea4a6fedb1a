import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How a server is started. */
export interface ServerOptions {
  /** For messages: "etcd". */
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Asked again and again until it says yes. An error counts as no. */
  readonly ready: () => Promise<boolean>;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

/** A server that runs. */
export interface RealServer {
  readonly pid: number;
  /** The end of what it has written. */
  output(): string;
  /** Ends it, and waits until it is gone. Default "SIGTERM", and "SIGKILL" when that has done nothing for 10 s. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Starts a server and resolves when it is ready. @throws Error with what it wrote, when it ends or is not ready in time. */
export async function startServer(options: ServerOptions): Promise<RealServer> {
  const { name, command, cwd, env, ready, timeoutMs = 60_000 } = options;
  const [program = "", ...args] = command;
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let written = "";
  let ended: string | undefined;
  const keep = (chunk: Buffer): void => void (written = (written + chunk.toString()).slice(-20_000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const forget = endWithUs(child.pid ?? 0);
  const gone = new Promise<void>((resolve) => {
    child.once("error", (error) => resolve(void (ended = error.message)));
    child.once("exit", (code, signal) => resolve(void (ended = String(code ?? signal))));
  }).then(forget);

  const server: RealServer = {
    pid: child.pid ?? 0,
    output: () => written,
    async stop(signal = "SIGTERM") {
      if (ended !== undefined) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await gone;
      clearTimeout(timer);
    },
  };
  const until = performance.now() + timeoutMs;
  while (ended === undefined && performance.now() < until) {
    if (await ready().catch(() => false)) return server;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const why = ended === undefined ? `was not ready within ${timeoutMs} ms` : `ended with ${ended}`;
  await server.stop("SIGKILL");
  throw new Error(`${name} ${why}: ${command.join(" ")}\n${written.slice(-3_000)}`);
}

/** A folder for one server, and for nobody else. */
export interface PrivateFolder {
  readonly path: string;
  remove(): void;
}

/** Makes a folder under the system's for temporary files. */
export function privateFolder(name: string): PrivateFolder {
  const path = mkdtempSync(join(tmpdir(), `otlpkit-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/**
 * A port of 127.0.0.1 on which nobody listens. Below the ports that systems give out by themselves, or a connection of
 * somebody else may take it before the server does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    await new Promise<void>((resolve) => probe.close(() => resolve()));
    return port;
  }
}

/** Kills a process, or a group of them (negative), when ours ends first. Returns what takes that back. */
export function endWithUs(pid: number): () => void {
  const end = (): void => {
    try {
      if (pid !== 0) process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  process.once("exit", end);
  return () => void process.off("exit", end);
}

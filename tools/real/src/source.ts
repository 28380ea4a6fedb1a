import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where a server comes from: packages of Debian or Python, modules of Go, artefacts of Maven. */
export interface Source {
  /** As people say it: "Debian's etcd-server". */
  readonly name: string;
  /** Where the program is, when it is there already. */
  present(): string | undefined;
  /** What this machine lacks to install or build it; `undefined` when it lacks nothing. */
  lacks(): string | undefined;
  /** Installs or builds it, and says where it is then. @throws Error with what the installer said. */
  obtain(timeoutMs: number): Promise<string>;
}

/** Builds are kept here, outside the tree, under a name that tells from which sources they were made. */
export const cacheFolder: string = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "otlpkit", "real");

/** A folder beside ours: `go/consul`, `maven/eureka`. */
export function ownFolder(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** Looks for a program on the PATH, and where servers are when the PATH is a user's. */
export function onPath(program: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, program))
    .find(executable);
}

/** Whether there is a file that we may run. */
export function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

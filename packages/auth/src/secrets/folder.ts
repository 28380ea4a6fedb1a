import { ExportError } from "@otlpkit/core";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FileOptions } from "./file.ts";
import { fileError, readSecret } from "./read-file.ts";
import { sameSecrets, type Secret, type Secrets } from "./secret.ts";
import type { SecretSource } from "./secret-source.ts";
import { watchFolder } from "./watch-folder.ts";
import { watching } from "./watching.ts";

const maxFiles = 1000;

/**
 * All files of a folder, as a Secret of Kubernetes is mounted: file names are the names of the secrets, and all of them are
 * of one version. Names that begin with a dot are left out.
 */
export function folder(path: string, options: FileOptions = {}): SecretSource<Secrets> {
  const { maxBytes = 1024 * 1024, debounceMs = 100, pollMs = 10_000, onError } = options;
  const read = (): Promise<Secrets> => readFolder(path, maxBytes);
  return {
    name: `folder ${path}`,
    get: read,
    watch: (signal) =>
      watching(
        { read, same: sameSecrets, arm: (wake) => watchFolder(path, wake, { debounceMs, pollMs }), onError },
        signal,
      ),
  };
}

async function readFolder(path: string, maxBytes: number): Promise<Secrets> {
  for (let attempt = 1; ; attempt++) {
    // Where Kubernetes has mounted it, the link tells one version from the next.
    const version = await versionOf(path);
    try {
      const secrets = await readFiles(version ?? path, path, maxBytes);
      if (version === (await versionOf(path))) return secrets;
    } catch (error) {
      // What was removed while it was read is no error if there is something newer.
      if (version === (await versionOf(path))) throw fileError(path, error);
    }
    if (attempt === 5) {
      throw new ExportError("unavailable", `the secrets in ${path} changed each time that they were read`);
    }
  }
}

function versionOf(path: string): Promise<string | undefined> {
  return realpath(join(path, "..data")).catch(() => undefined);
}

async function readFiles(from: string, shown: string, maxBytes: number): Promise<Secrets> {
  const names = (await readdir(from)).filter((name) => !name.startsWith(".")).toSorted();
  if (names.length > maxFiles) {
    throw new ExportError("too-large", `there are more than ${maxFiles} files in ${shown}; is it the right folder?`);
  }
  const secrets: [string, Secret][] = [];
  for (const name of names) {
    const path = join(from, name);
    if ((await stat(path)).isFile()) secrets.push([name, await readSecret(path, maxBytes)]);
  }
  return Object.fromEntries(secrets);
}

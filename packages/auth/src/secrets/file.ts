import type { ExportError } from "@otlpkit/core";
import { dirname } from "node:path";
import { readSecret } from "./read-file.ts";
import type { Secret } from "./secret.ts";
import type { SecretSource } from "./secret-source.ts";
import { watchFolder } from "./watch-folder.ts";
import { watching } from "./watching.ts";

/** How files are read and watched. */
export interface FileOptions {
  /** Longer files are refused. Default 1 MiB, as much as Kubernetes allows. */
  readonly maxBytes?: number;
  /** Rest after a change before the file is read, so that a writer can finish. Default 100. */
  readonly debounceMs?: number;
  /** A watch looks again after so long, for file systems that do not tell of changes. Default 10,000. */
  readonly pollMs?: number;
  /** Told when a watch could not read; the last good value stands. */
  readonly onError?: (error: ExportError) => void;
}

/**
 * One secret in a file: mounted by Kubernetes or Docker, written by an agent. Read anew each time it is asked for. One
 * newline at the end does not belong to it, unless the file is not text.
 */
export function file(path: string, options: FileOptions = {}): SecretSource {
  const { maxBytes = 1024 * 1024, debounceMs = 100, pollMs = 10_000, onError } = options;
  const read = (): Promise<Secret> => readSecret(path, maxBytes);
  return {
    name: `file ${path}`,
    get: read,
    watch: (signal) =>
      watching(
        {
          read,
          same: (one, other) => one.equals(other),
          arm: (wake) => watchFolder(dirname(path), wake, { debounceMs, pollMs }),
          onError,
        },
        signal,
      ),
  };
}

import type { Registry } from "@otlpkit/core";
import { ExportError } from "@otlpkit/core";
import { sleep, type Time } from "../time.ts";
import { type Tell, watching, type WatchOptions } from "../watching.ts";
import { parseList } from "./parse-list.ts";

/** Options of {@link fileRegistry}. A file is cheap to look at: `maxDelayMs` is 1,000 by default. */
export interface FileRegistryOptions extends WatchOptions {
  /**
   * The file is looked at so often even when nobody says that it changed, since some file systems (NFS, some containers)
   * never say. Default 10,000.
   */
  readonly pollMs?: number;
  /** The largest file that is read. Default 4 MiB. */
  readonly maxBytes?: number;
}

/**
 * Endpoints listed in a file: JSON, or one URL a line. Changes are seen however the file is written: in place, by rename as
 * editors do, by the swap of `..data` as Kubernetes does with mounted ConfigMaps. While the file is missing, half written or
 * makes no sense, the last good list stands; a file without any endpoint is a list without any.
 *
 * ```ts
 * const registry = fileRegistry("/etc/otlp/endpoints");
 * ```
 */
export function fileRegistry(path: string, options: FileRegistryOptions = {}): Registry {
  const settings = { pollMs: options.pollMs ?? 10_000, maxBytes: options.maxBytes ?? 4 << 20 };
  return watching("file", { maxDelayMs: 1_000, ...options }, (tell, signal, time) =>
    follow(path, settings, tell, signal, time),
  );
}

const settleMs = 25;

async function follow(
  path: string,
  { pollMs, maxBytes }: { readonly pollMs: number; readonly maxBytes: number },
  tell: Tell,
  signal: AbortSignal,
  time: Time,
): Promise<void> {
  const { watch } = process.getBuiltinModule("node:fs");
  const { dirname } = process.getBuiltinModule("node:path");
  let touched = (): void => {};
  let failed: Error | undefined;
  // The folder, and not the file: a watch of a file is deaf once another file has taken its name.
  const watcher = watch(dirname(path), { persistent: false }, () => touched());
  watcher.on("error", (error) => {
    failed = error;
    touched();
  });
  try {
    let last: string | undefined;
    while (!signal.aborted) {
      const nap = new AbortController();
      touched = () => nap.abort();
      signal.addEventListener("abort", touched, { once: true });
      if (failed !== undefined) throw failed;
      const text = await read(path, maxBytes);
      if (text !== last) {
        tell(parseList(text));
        last = text;
      }
      await sleep(time, pollMs, nap.signal);
      signal.removeEventListener("abort", touched);
      // Whoever writes in place empties the file first.
      await sleep(time, settleMs, signal);
    }
  } finally {
    watcher.close();
  }
}

async function read(path: string, maxBytes: number): Promise<string> {
  const { readFile, stat } = process.getBuiltinModule("node:fs").promises;
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new ExportError("too-large", `${path} has ${size} bytes, and ${maxBytes} are allowed`);
    return await readFile(path, "utf8");
  } catch (cause) {
    if (ExportError.is(cause)) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    throw new ExportError("unavailable", `cannot read the list of endpoints in ${path} (${code})`, { cause });
  }
}

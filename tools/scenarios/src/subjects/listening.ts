import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";

/**
 * The scenario that the running code belongs to. Loggers of the OpenTelemetry API and the console are there once for the
 * whole process, and several scenarios run in it.
 */
export const listener: AsyncLocalStorage<(line: string) => void> = new AsyncLocalStorage();

/** Hears what is said, and drops what nobody is there for. */
function hear(level: string, words: readonly unknown[]): void {
  listener.getStore()?.(`${level}: ${format(...words)}`);
}

/** The same for what is said in passing, without the objects: they may be whole batches. */
function overhear(level: string, words: readonly unknown[]): void {
  hear(
    level,
    words.filter((word) => typeof word === "string"),
  );
}

/** Takes the place of the logger that users of the OpenTelemetry API set, one who wants to hear everything. */
export function listen(api: {
  readonly diag: { setLogger(logger: Readonly<Record<string, (...words: unknown[]) => void>>, level: number): void };
  readonly DiagLogLevel: { readonly ALL: number };
}): void {
  api.diag.setLogger(
    {
      error: (...words) => hear("error", words),
      warn: (...words) => hear("warn", words),
      info: (...words) => overhear("info", words),
      debug: (...words) => overhear("debug", words),
      verbose: (...words) => overhear("verbose", words),
    },
    api.DiagLogLevel.ALL,
  );
}

/** The same for what goes to the console. */
export function listenToConsole(): void {
  console.warn = (...words) => hear("warn", words);
  console.error = (...words) => hear("error", words);
}

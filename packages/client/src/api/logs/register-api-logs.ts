import type { LoggerProvider } from "./logs-api.ts";

/** Where `@opentelemetry/api-logs`, whatever its version, looks for the one that all are to use. */
const globalKey = Symbol.for("io.opentelemetry.js.api.logs");
const compatibleVersion = 1;

type Global = typeof globalThis & { [globalKey]?: (version: number) => LoggerProvider | undefined };

/**
 * Makes the provider the one that libraries find through `@opentelemetry/api-logs`, which they used before the logs API
 * became part of `@opentelemetry/api` 1.10; for those, see `registerGlobals`. One that is there already stays.
 *
 * @returns what undoes it.
 */
export function registerApiLogs(provider: LoggerProvider): () => void {
  const place: Global = globalThis;
  if (place[globalKey] !== undefined) return () => {};
  const answer = (version: number): LoggerProvider | undefined =>
    version === compatibleVersion ? provider : undefined;
  place[globalKey] = answer;
  return () => {
    if (place[globalKey] === answer) delete place[globalKey];
  };
}

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Api from "@opentelemetry/api";
import type * as Ours from "../api/index.ts";

/** The OpenTelemetry API, and what this package has for it. */
export interface OpenTelemetry {
  readonly api: typeof Api;
  readonly ours: typeof Ours;
}

/**
 * Loads them; undefined when `@opentelemetry/api`, an optional peer, is not installed. By `require`, as an `import` that
 * fails would end the program, and one that can be caught comes too late for a preload.
 */
export function openTelemetry(): OpenTelemetry | undefined {
  let path: string;
  try {
    path = fileURLToPath(import.meta.resolve("@opentelemetry/api"));
  } catch {
    return undefined;
  }
  const require = createRequire(import.meta.url);
  return {
    api: require(path) as typeof Api,
    ours: require("@otlpkit/client/api") as typeof Ours,
  };
}

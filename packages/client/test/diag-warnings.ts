import { diag, DiagLogLevel } from "@opentelemetry/api";
import { afterEach, beforeEach } from "vitest";

/** What is said to the `diag` logger of the OpenTelemetry API as a warning during each test of a file. */
export function diagWarnings(): readonly string[] {
  const warnings: string[] = [];
  const ignore = (): void => {};
  const warn = (message: string): void => void warnings.push(message);
  beforeEach(() => {
    warnings.length = 0;
    diag.setLogger({ verbose: ignore, debug: ignore, info: ignore, warn, error: ignore }, DiagLogLevel.WARN);
  });
  afterEach(() => diag.disable());
  return warnings;
}

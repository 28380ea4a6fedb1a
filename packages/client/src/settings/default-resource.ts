import type { Attributes } from "../resource.ts";
import { version } from "../version.ts";

/** What a resource says about the place where a program runs. */
export interface PlatformFacts {
  /** `telemetry.sdk.language`: "nodejs", "webjs". */
  readonly language: string;
  /** The program that runs ours, if there is one: "node", "bun". */
  readonly executable?: string;
}

/** What is said of a program that says nothing of itself, with the names of OpenTelemetry's semantic conventions. */
export function defaultResource({ language, executable }: PlatformFacts): Attributes {
  return {
    "service.name": executable === undefined ? "unknown_service" : `unknown_service:${executable}`,
    "telemetry.sdk.name": "otlpkit",
    "telemetry.sdk.language": language,
    "telemetry.sdk.version": version,
  };
}

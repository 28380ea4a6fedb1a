import type { ExportError } from "@otlpkit/core";

/** How fresh the list of a registry is, for metrics and logs. */
export type SourceState =
  | {
      readonly state: "fresh";
      /** Which registry: "consul". */
      readonly source: string;
      /** How many endpoints its list has. */
      readonly endpoints: number;
    }
  | {
      /** The last list stands (none, when there was none yet), and the source is asked again. */
      readonly state: "stale";
      readonly source: string;
      /** When the source last said something usable, on the clock `now`; absent when it never did. */
      readonly sinceMs: number | undefined;
      /** What went wrong. */
      readonly error: ExportError;
      /** How long until the source is tried again. */
      readonly retryInMs: number;
    };

/** Told of each list, each failure and each recovery; must not throw. */
export type OnState = (state: SourceState) => void;

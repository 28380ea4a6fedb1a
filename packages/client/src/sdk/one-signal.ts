import type { Signal } from "@otlpkit/core";
import type { ClientOptions } from "../options.ts";

/** Signals that the OpenTelemetry SDK has. */
export type ExportedSignal = Exclude<Signal, "profiles">;

const unused = { endpoint: "http://localhost" };

/**
 * For clients of one signal, whose options are to come over these: what the environment says of the others is then not
 * looked at, and so not warned of.
 */
export const ofOneSignal: Required<Pick<ClientOptions, ExportedSignal>> = {
  traces: unused,
  metrics: unused,
  logs: unused,
};

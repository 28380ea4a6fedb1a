// Telemetry for a program that has none of its own, set up by the environment alone:
//
//     node --import @otlpkit/client/register app.js
//
// See ENVIRONMENT.md of this package for the variables.
import { start } from "./register/start.ts";

/**
 * Sends what there is and lets go of connections. For programs that end by `process.exit`; others need not call it. Never
 * rejects.
 */
export const stop: () => Promise<void> = start();

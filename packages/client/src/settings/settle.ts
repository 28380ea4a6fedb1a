import { signalNames } from "@otlpkit/core";
import type { ClientOptions } from "../options.ts";
import { oneOf, within } from "./checked.ts";
import { defined } from "./defined.ts";
import { defaultResource, type PlatformFacts } from "./default-resource.ts";
import type { EnvironmentOptions } from "./environment-options.ts";
import { settleSignal } from "./settle-signal.ts";
import type { Settings } from "./settings.ts";

/**
 * Puts together what a client is made of. What the program says beats what the environment says, and that the defaults;
 * within each, what is said for one signal beats what is said for all (I-01, I-27).
 *
 * @throws RangeError for an option that makes no sense.
 */
export function settle(
  options: ClientOptions,
  environment: EnvironmentOptions,
  facts: PlatformFacts,
  warn: (warning: string) => void,
): Settings {
  const signals = signalNames.map((signal) => [signal, settleSignal(signal, options, environment, warn)]);
  return {
    signals: Object.fromEntries(signals) as Settings["signals"],
    resource: {
      attributes: { ...defaultResource(facts), ...environment.resource, ...defined(options.resource ?? {}) },
    },
    maxBufferBytes: within(1, Infinity, "maxBufferBytes", options.maxBufferBytes ?? 64 * 1024 * 1024),
    maxConcurrent: within(1, Infinity, "maxConcurrent", options.maxConcurrent ?? 8),
    whenFull: oneOf("whenFull", options.whenFull ?? "drop-newest", ["drop-newest", "drop-oldest", "sample", "block"]),
    disabled: environment.disabled ?? false,
  };
}

import type { Signal } from "@otlpkit/core";
import { platform } from "#platform";
import type { ClientOptions } from "../options.ts";
import { settle } from "../settings/settle.ts";
import type { SignalSettings } from "../settings/settings.ts";

/** What a client of these options would do for one signal, before there is one. */
export function settled(signal: Signal, options: ClientOptions, warn: (warning: string) => void): SignalSettings {
  const environment = options.environment === false ? {} : platform.environment(options.environment, warn);
  return settle(options, environment, platform.facts, warn).signals[signal];
}

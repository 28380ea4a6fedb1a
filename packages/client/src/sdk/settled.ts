import type { Signal } from "@otlpkit/core";
import type { ClientOptions } from "../options.ts";
import { settleOptions } from "../settings/settle-options.ts";
import type { SignalSettings } from "../settings/settings.ts";

/** What a client of these options would do for one signal, before there is one. */
export function settled(signal: Signal, options: ClientOptions, warn: (warning: string) => void): SignalSettings {
  return settleOptions(options, warn).signals[signal];
}

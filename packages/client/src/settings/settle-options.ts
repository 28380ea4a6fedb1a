import { platform } from "#platform";
import type { ClientOptions } from "../options.ts";
import { settle } from "./settle.ts";
import type { Settings } from "./settings.ts";

/** What a client of these options is made of, in the place where this runs. See {@link settle}. */
export function settleOptions(options: ClientOptions, warn: (warning: string) => void): Settings {
  const environment = options.environment === false ? {} : platform.environment(options.environment, warn);
  return settle(options, environment, platform.facts, warn);
}

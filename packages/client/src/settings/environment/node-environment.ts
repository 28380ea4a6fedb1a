import { readFileSync } from "node:fs";
import type { ClientOptions } from "../../options.ts";
import type { PlatformFacts } from "../default-resource.ts";
import type { EnvironmentOptions } from "../environment-options.ts";
import { fromEnvironment } from "./from-environment.ts";
import type { Warn } from "./variables.ts";

/** What the process's variables say, or those of the option `environment`. */
export function nodeEnvironment(option: ClientOptions["environment"], warn: Warn): EnvironmentOptions {
  return option === false ? {} : fromEnvironment(option ?? process.env, warn, (path) => readFileSync(path));
}

/** Node, or what behaves like it. */
export const nodeFacts: PlatformFacts = {
  language: "nodejs",
  executable: process.execPath.replace(/^.*[/\\]|\.exe$/gi, ""),
};

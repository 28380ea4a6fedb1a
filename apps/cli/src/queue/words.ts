import type { ParseArgsConfig } from "node:util";
import { parseArgs } from "node:util";
import { stat } from "node:fs/promises";
import type { Encryption, Signal } from "@otlpkit/core";
import { destinationOptions, type DestinationValues } from "../destination.ts";
import { knownSignal } from "../send.ts";
import { UsageError } from "../usage-error.ts";
import { encryptionFrom } from "./keys.ts";

/** What the command line of `otlp queue` says, checked. */
export interface Words {
  readonly action: string;
  readonly folder: string;
  readonly deadLetters: boolean;
  /** Whose view; undefined: everything on disk, what was delivered included. */
  readonly consumer: string | undefined;
  /** Whether the consumer was named, or is the one that there is by default. */
  readonly consumerNamed: boolean;
  readonly signal: Signal | undefined;
  readonly tenant: string | undefined;
  /** These records only; empty: all. */
  readonly sequences: readonly number[];
  readonly limit: number;
  readonly encryption: Encryption | undefined;
  readonly remove: boolean;
  readonly json: boolean;
  readonly destination: DestinationValues;
}

const options = {
  ...destinationOptions,
  to: { type: "string" },
  "dead-letters": { type: "boolean" },
  consumer: { type: "string" },
  all: { type: "boolean" },
  signal: { type: "string" },
  tenant: { type: "string" },
  record: { type: "string", multiple: true },
  limit: { type: "string" },
  // "key" is taken: the key of a certificate.
  "queue-key": { type: "string", multiple: true },
  "queue-passphrase": { type: "string", multiple: true },
  remove: { type: "boolean" },
  json: { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

/** @throws UsageError for what makes no sense */
export async function words(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  actions: readonly string[],
): Promise<Words> {
  const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options });
  const [action, folder, ...more] = positionals;
  if (action === undefined || !actions.includes(action)) {
    throw new UsageError(`say what to do: ${actions.join(", ")}${action === undefined ? "" : `; not "${action}"`}`);
  }
  if (folder === undefined || more.length > 0)
    throw new UsageError(`say which folder, and only one: otlp queue ${action} FOLDER`);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new UsageError(`there is no folder ${folder}`);
  if (values.all === true && values.consumer !== undefined)
    throw new UsageError("--all and --consumer exclude each other");
  return {
    action,
    folder,
    deadLetters: values["dead-letters"] === true,
    consumer: values.all === true ? undefined : (values.consumer ?? "default"),
    consumerNamed: values.consumer !== undefined,
    signal: knownSignal(values.signal),
    tenant: values.tenant,
    sequences: (values.record ?? []).map((text) => wholeNumber(text, "record")),
    limit: values.limit === undefined ? Infinity : wholeNumber(values.limit, "limit"),
    encryption: encryptionFrom(values["queue-key"] ?? [], values["queue-passphrase"] ?? [], env),
    remove: values.remove === true,
    json: values.json === true,
    destination: { ...values, endpoint: values.to ?? values.endpoint },
  };
}

function wholeNumber(text: string, option: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < 1) {
    throw new UsageError(`--${option} takes a whole number from 1, not "${text}"`);
  }
  return number;
}

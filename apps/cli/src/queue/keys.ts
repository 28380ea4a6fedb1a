import { readFileSync } from "node:fs";
import {
  encryption,
  keyRing,
  passphraseKey,
  rawKey,
  type Secret,
  secret,
  type WrappingKey,
} from "@otlpkit/auth/encryption";
import { type Encryption, ExportError } from "@otlpkit/core";
import { UsageError } from "../usage-error.ts";

/**
 * Encryption with the keys that were named, the first being the current one; undefined when none was. A key is told by
 * where it lies, `ID=file:PATH` or `ID=env:NAME`, for everybody on a machine may read command lines.
 *
 * @throws UsageError when a key is not named like that, is not there, or is none
 */
export function encryptionFrom(
  keys: readonly string[],
  passphrases: readonly string[],
  env: NodeJS.ProcessEnv,
): Encryption | undefined {
  const named: WrappingKey[] = [
    ...keys.map((text) => keyFrom(text, "queue-key", env, rawKey)),
    ...passphrases.map((text) => keyFrom(text, "queue-passphrase", env, passphraseKey)),
  ];
  const [current, ...older] = named;
  if (!current) return undefined;
  return checked(() => encryption({ keys: keyRing({ current, older }) }));
}

function keyFrom(
  text: string,
  option: string,
  env: NodeJS.ProcessEnv,
  make: (id: string, value: Secret) => WrappingKey,
): WrappingKey {
  const [, id, kind, place] = /^([^=]+)=(file|env):(.+)$/s.exec(text) ?? [];
  if (id === undefined || place === undefined) {
    // Not repeated: it may be the key itself.
    throw new UsageError(`--${option} takes ID=file:PATH or ID=env:NAME, never the secret itself`);
  }
  return checked(() =>
    make(id, secret(kind === "env" ? fromEnvironment(place, option, env) : fromFile(place, option))),
  );
}

function fromEnvironment(name: string, option: string, env: NodeJS.ProcessEnv): string {
  const value = env[name];
  if (!value) throw new UsageError(`--${option}: the environment has no ${name}`);
  return value;
}

/** Without the end of the line that editors leave behind, unless it is a key of bytes. */
function fromFile(path: string, option: string): Uint8Array | string {
  try {
    const bytes = readFileSync(path);
    return bytes.length === 32 ? bytes : bytes.toString("utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new UsageError(`--${option}: cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
}

function checked<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw ExportError.is(error) ? new UsageError(error.message) : error;
  }
}

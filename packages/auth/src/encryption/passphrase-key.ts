import { ExportError } from "@otlpkit/core";
import { pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "../secrets/secret.ts";
import { checkKeyId } from "./header.ts";
import type { WrappingKey } from "./key-ring.ts";
import { damaged, unwrapDataKey, wrapDataKey, type WrappingMaterial, wrappingMaterial } from "./wrapping.ts";

const derive = promisify(pbkdf2);
const kind = 2;
const pbkdf2HmacSha256 = 1;
const saltBytes = 16;
/** kind, algorithm, iterations, salt. */
const parameterBytes = 1 + 1 + 4 + saltBytes;
const leastIterations = 600_000;
const leastCharacters = 12;
const maxRemembered = 64;

export interface PassphraseKeyOptions {
  /**
   * How often PBKDF2 goes round for new files; at least 600,000, which is the default (OWASP's advice for HMAC-SHA256) and
   * takes about a quarter of a second, once a process.
   */
  readonly iterations?: number;
  /**
   * The most that a file's header may ask for, so that a forged one cannot keep the processor busy. Default 10,000,000
   * (some four seconds), or `iterations` if that is more.
   */
  readonly maxIterations?: number;
}

/**
 * A key made of a passphrase by PBKDF2-HMAC-SHA256 (RFC 8018) with a random salt of 16 bytes. Algorithm, iterations and
 * salt stand in the header of each file, so they can be raised at any time. Derived once a salt and process, on a thread of
 * its own; prefer `rawKey` where no person has to remember anything.
 *
 * @throws ExportError "invalid" for less than 12 characters, less than 600,000 iterations, or an id that is not usable
 */
export function passphraseKey(id: string, passphrase: Secret, options: PassphraseKeyOptions = {}): WrappingKey {
  checkKeyId(id);
  const { iterations = leastIterations } = options;
  const maxIterations = options.maxIterations ?? Math.max(10_000_000, iterations);
  if (!Number.isInteger(iterations) || iterations < leastIterations || iterations > maxIterations) {
    throw new ExportError(
      "invalid",
      `the key "${id}": iterations has to be a whole number from ${leastIterations} to ${maxIterations}`,
    );
  }
  // Two ways to type the same letter are one passphrase.
  if (passphrase.reveal().normalize("NFC").length < leastCharacters) {
    throw new ExportError("invalid", `the passphrase of the key "${id}" is shorter than ${leastCharacters} characters`);
  }

  const remembered = new Map<string, Promise<WrappingMaterial>>();
  let last: Promise<unknown> = Promise.resolve();
  let ours: Buffer | undefined;

  function materialFor(parameters: Buffer): Promise<WrappingMaterial> {
    const name = parameters.toString("latin1");
    const known = remembered.get(name);
    if (known) return known;
    // One after the other: the threads are needed for files and names, too.
    const made = last.then(async () => {
      const password = Buffer.from(passphrase.reveal().normalize("NFC"));
      const salt = parameters.subarray(parameterBytes - saltBytes);
      const derived = await derive(password, salt, parameters.readUInt32BE(2), 32, "sha256");
      password.fill(0);
      return wrappingMaterial(derived);
    });
    last = made.catch(() => undefined);
    const oldest = remembered.keys().next();
    if (remembered.size >= maxRemembered && !oldest.done) remembered.delete(oldest.value);
    remembered.set(name, made);
    return made;
  }

  return {
    id,
    async wrap(dataKey, bound) {
      ours ??= ourParameters(iterations);
      const material = await materialFor(ours);
      return Buffer.concat([ours, wrapDataKey(material, dataKey, Buffer.concat([bound, ours]))]);
    },
    async unwrap(wrapped, bound) {
      if (wrapped[0] !== kind) {
        throw new ExportError(
          "forbidden",
          `cannot open an encrypted file: the key "${id}" is given here as a passphrase, and another kind of key wrapped it`,
        );
      }
      const parameters = Buffer.from(wrapped.subarray(0, parameterBytes));
      if (parameters.length < parameterBytes || parameters[1] !== pbkdf2HmacSha256) throw damaged(id);
      const asked = parameters.readUInt32BE(2);
      if (asked < leastIterations || asked > maxIterations) {
        throw new ExportError(
          "forbidden",
          `cannot open an encrypted file: its header asks for ${asked} iterations of PBKDF2 for the key "${id}", and ${leastIterations} to ${maxIterations} are allowed here; set maxIterations if the file is yours`,
        );
      }
      const material = await materialFor(parameters);
      return unwrapDataKey(id, material, wrapped.subarray(parameterBytes), Buffer.concat([bound, parameters]));
    },
  };
}

function ourParameters(iterations: number): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(iterations);
  return Buffer.concat([Buffer.of(kind, pbkdf2HmacSha256), count, randomBytes(saltBytes)]);
}

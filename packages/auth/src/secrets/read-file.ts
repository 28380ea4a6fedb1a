import { ExportError } from "@otlpkit/core";
import { open } from "node:fs/promises";
import { type Secret, secret } from "./secret.ts";

/**
 * Reads one secret. Of text, one newline at the end is left out, because editors and `echo` put it there; what is not
 * UTF-8 stays as it is.
 *
 * @throws ExportError "invalid" when there is none or it is empty, "too-large", "forbidden", "unavailable"
 */
export async function readSecret(path: string, maxBytes: number): Promise<Secret> {
  const bytes = await contentOf(path, maxBytes);
  const length = lengthWithoutNewline(bytes);
  try {
    // Empty is what a file looks like while somebody writes it anew.
    if (length === 0) throw new ExportError("invalid", `the secret in ${path} is empty`);
    return secret(bytes.subarray(0, length));
  } finally {
    bytes.fill(0);
  }
}

async function contentOf(path: string, maxBytes: number): Promise<Buffer> {
  try {
    const handle = await open(path, "r");
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new ExportError("invalid", `the secret in ${path} is not a file`);
      // Some systems say 0 of files that have content.
      const buffer = Buffer.alloc(Math.min(maxBytes, Math.max(stats.size, 65_536)) + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      if (length < buffer.length) return buffer.subarray(0, length);
      buffer.fill(0);
      throw new ExportError(
        "too-large",
        `the secret in ${path} is longer than ${maxBytes} bytes; is it the right file?`,
      );
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(path, error);
  }
}

/** What the file system's error means for somebody who wanted a secret. */
export function fileError(path: string, error: unknown): ExportError {
  if (ExportError.is(error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new ExportError("invalid", `there is no secret in ${path}; is the volume mounted?`, { cause: error });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new ExportError("forbidden", `may not read the secret in ${path} (${code})`, { cause: error });
  }
  return new ExportError("unavailable", `cannot read the secret in ${path} (${code})`, { cause: error });
}

function lengthWithoutNewline(bytes: Buffer): number {
  if (bytes.at(-1) !== 0x0a || !isUtf8(bytes)) return bytes.length;
  return bytes.length - (bytes.at(-2) === 0x0d ? 2 : 1);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    // That is the answer.
    return false;
  }
}

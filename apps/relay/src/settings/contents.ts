import { readFileSync } from "node:fs";
import { ExportError } from "@otlpkit/core";

/** What stands in a file that a configuration names. @throws ExportError "rejected" when it cannot be read */
export function contents(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ExportError("rejected", `cannot read ${path} (${code ?? String(cause)})`, { cause });
  }
}

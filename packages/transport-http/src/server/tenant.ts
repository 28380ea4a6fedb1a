import type { IncomingMessage } from "node:http";
import { ExportError } from "@otlpkit/core";

/** Longer ones would cost memory for everyone who makes one up. */
const maxChars = 128;

/**
 * Whose data a request brings, as one of its headers says; undefined if it does not.
 *
 * @throws ExportError "invalid" when that is no name
 */
export function tenantOf(request: IncomingMessage, header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const value = request.headers[header];
  const name = (typeof value === "string" ? value : (value?.join() ?? "")).trim();
  if (name.length > maxChars) {
    throw new ExportError("invalid", `the tenant in header "${header}" has more than ${maxChars} characters`);
  }
  return name === "" ? undefined : name;
}

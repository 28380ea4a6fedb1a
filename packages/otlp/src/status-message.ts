import type { Format } from "@otlpkit/core";
import { jsonMembers, textOf } from "./json-members.ts";
import { fieldsOf, textIn } from "./schemaless.ts";

/**
 * The message of a `google.rpc.Status`, which is all of it that counts for those who act on the HTTP status (C-17).
 *
 * @throws RangeError, SyntaxError or TypeError when it is no status.
 */
export function statusMessage(body: Uint8Array, format: Format): string {
  return format === "json" ? textOf(jsonMembers(body)["message"]) : textIn(fieldsOf(body), 2);
}

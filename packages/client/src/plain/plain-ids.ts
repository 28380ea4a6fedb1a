import { invalidMember } from "./member.ts";

const traceId = /^[0-9a-f]{32}$/i;
const spanId = /^[0-9a-f]{16}$/i;
const zeros = /^0+$/;

/** The trace id in lower case, as it goes on the wire. @throws ExportError "invalid" when it is not 32 hex digits, or all are 0. */
export function traceIdMember(member: string, id: string): string {
  if (typeof id === "string" && traceId.test(id) && !zeros.test(id)) return id.toLowerCase();
  throw invalidMember(member, "a trace id: 32 hex digits, not all 0");
}

/** The span id in lower case, as it goes on the wire. @throws ExportError "invalid" when it is not 16 hex digits, or all are 0. */
export function spanIdMember(member: string, id: string): string {
  if (typeof id === "string" && spanId.test(id) && !zeros.test(id)) return id.toLowerCase();
  throw invalidMember(member, "a span id: 16 hex digits, not all 0");
}

/** A new id of so many bytes, in hex. All zeros are not an id, but nobody will live to see them. */
export function newId(bytes: 8 | 16): string {
  let hex = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(bytes))) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

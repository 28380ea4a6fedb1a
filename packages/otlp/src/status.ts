import { ExportError, type Format } from "@otlpkit/core";
import { jsonMembers, membersOf, textOf } from "./json-members.ts";
import {
  type Fields,
  fieldsOf,
  messageField,
  messageIn,
  messagesIn,
  numberField,
  numberIn,
  textField,
  textIn,
} from "./schemaless.ts";
import { concatenate } from "./wire.ts";

/** The codes of `google.rpc.Code`, which are those of gRPC. */
export const grpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** One field of a request and what is wrong with it. */
export interface FieldViolation {
  /** Path to the field; empty for the request as a whole. */
  readonly field: string;
  readonly description: string;
}

/** A `google.rpc.Status`: the body of every failure over HTTP (D-12), and `grpc-status-details-bin` over gRPC (B-17). */
export interface Status {
  /** A number of {@link grpcCode}. */
  readonly code: number;
  /** For developers, in English. */
  readonly message: string;
  /** From RetryInfo: come back after so many ms. 0 means RetryInfo is there but leaves the delay to the client (F-06). */
  readonly retryAfterMs?: number;
  /** From BadRequest. */
  readonly fieldViolations?: readonly FieldViolation[];
}

const statusName = "google.rpc.Status";
const retryInfoName = "google.rpc.RetryInfo";
const badRequestName = "google.rpc.BadRequest";
const typePrefix = "type.googleapis.com/";

/** Writes a status, with RetryInfo and BadRequest among its details when they are set (K-05, K-06). */
export function encodeStatus(status: Status, format: Format): Uint8Array {
  const { code, message, retryAfterMs, fieldViolations } = status;
  if (format === "json") {
    const details: object[] = [];
    if (retryAfterMs !== undefined) {
      details.push({ "@type": typePrefix + retryInfoName, retryDelay: durationText(retryAfterMs) });
    }
    if (fieldViolations !== undefined) {
      const violations = fieldViolations.length === 0 ? undefined : fieldViolations;
      details.push({ "@type": typePrefix + badRequestName, fieldViolations: violations });
    }
    const text = JSON.stringify({
      code: code === 0 ? undefined : code,
      message: message === "" ? undefined : message,
      details: details.length === 0 ? undefined : details,
    });
    return new TextEncoder().encode(text);
  }
  return concatenate([
    numberField(1, BigInt(code)),
    textField(2, message),
    ...(retryAfterMs === undefined ? [] : [anyField(retryInfoName, retryInfo(retryAfterMs))]),
    ...(fieldViolations === undefined ? [] : [anyField(badRequestName, badRequest(fieldViolations))]),
  ]);
}

/** `Status.details`: a `google.protobuf.Any`. */
function anyField(name: string, value: Uint8Array): Uint8Array {
  const bytes = value.length === 0 ? [] : [messageField(2, value)];
  return messageField(3, textField(1, typePrefix + name), ...bytes);
}

function retryInfo(retryAfterMs: number): Uint8Array {
  const { seconds, nanos } = durationOf(retryAfterMs);
  return messageField(1, numberField(1, seconds), numberField(2, BigInt(nanos)));
}

function badRequest(violations: readonly FieldViolation[]): Uint8Array {
  const fields = violations.map(({ field, description }) =>
    messageField(1, textField(1, field), textField(2, description)),
  );
  return concatenate(fields);
}

/**
 * Reads a status. Details that are unknown or damaged are left out (F-08), a missing code is 0, as over HTTP it may be
 * (D-13). Throws `ExportError` "bad-response" when the whole is no status.
 */
export function decodeStatus(body: Uint8Array, format: Format): Status {
  try {
    return format === "json" ? fromJson(body) : fromProtobuf(body);
  } catch (cause) {
    throw new ExportError("bad-response", `cannot read an error answer: not a ${statusName}`, { cause });
  }
}

type Draft = { -readonly [K in keyof Status]: Status[K] };

function fromProtobuf(body: Uint8Array): Status {
  const fields = fieldsOf(body);
  const status: Draft = { code: Number(BigInt.asIntN(32, numberIn(fields, 1))), message: textIn(fields, 2) };
  for (const detail of messagesIn(fields, 3)) {
    try {
      readDetail(fieldsOf(detail), status);
    } catch {
      // A damaged detail says nothing (F-08); the rest of the status still does.
    }
  }
  return status;
}

function readDetail(any: Fields, status: Draft): void {
  const typeUrl = textIn(any, 1);
  const name = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
  if (name !== retryInfoName && name !== badRequestName) return;
  const detail = messageIn(any, 2);
  if (name === retryInfoName) {
    const delay = detail && messageIn(detail, 1);
    status.retryAfterMs = delay === undefined ? 0 : milliseconds(signedIn(delay, 1), signedIn(delay, 2));
  } else {
    const violations = detail === undefined ? [] : messagesIn(detail, 1).map(fieldsOf);
    status.fieldViolations = violations.map((each) => ({ field: textIn(each, 1), description: textIn(each, 2) }));
  }
}

function signedIn(fields: Fields, field: number): number {
  return Number(BigInt.asIntN(64, numberIn(fields, field)));
}

function fromJson(body: Uint8Array): Status {
  const members = jsonMembers(body);
  const code = Number(members["code"] ?? 0);
  const status: Draft = { code: Number.isInteger(code) ? code : 0, message: textOf(members["message"]) };
  for (const detail of objectsIn(members["details"])) {
    const type = textOf(detail["@type"]);
    const name = type.slice(type.lastIndexOf("/") + 1);
    if (name === retryInfoName) {
      const delay = parseDuration(detail["retryDelay"]);
      if (delay !== undefined) status.retryAfterMs = delay;
    } else if (name === badRequestName) {
      status.fieldViolations = objectsIn(detail["fieldViolations"]).map(({ field, description }) => ({
        field: textOf(field),
        description: textOf(description),
      }));
    }
  }
  return status;
}

function objectsIn(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.map(membersOf).filter((members) => members !== undefined) : [];
}

function durationOf(ms: number): { readonly seconds: bigint; readonly nanos: number } {
  const nanos = Math.round((ms % 1000) * 1e6);
  // Rounding may fill up the second.
  const carry = Math.floor(nanos / 1e9);
  return { seconds: BigInt(Math.floor(ms / 1000) + carry), nanos: nanos - carry * 1e9 };
}

/** Protobuf's spelling of a duration in JSON: "5s", "0.250s", with 0, 3, 6 or 9 digits of fraction. */
function durationText(ms: number): string {
  const { seconds, nanos } = durationOf(ms);
  if (nanos === 0) return `${seconds}s`;
  const digits = String(nanos).padStart(9, "0");
  const fraction = digits.endsWith("000000") ? 3 : digits.endsWith("000") ? 6 : 9;
  return `${seconds}.${digits.slice(0, fraction)}s`;
}

function milliseconds(seconds: number, nanos: number): number {
  return Math.max(0, seconds * 1000 + nanos / 1e6);
}

/** ms, never negative; undefined if the text is no duration. RetryInfo without a delay is one of 0. */
function parseDuration(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0;
  if (typeof value !== "string" || !/^-?\d{1,12}(\.\d{1,9})?s$/.test(value)) return undefined;
  const [seconds = "0", fraction = ""] = value.slice(0, -1).split(".");
  if (seconds.startsWith("-")) return 0;
  return milliseconds(Number(seconds), Number(fraction.padEnd(9, "0")));
}

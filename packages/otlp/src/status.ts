import { ExportError, type Format } from "@otlpkit/core";
import { decodeMessage } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import type { BadRequest, ProtobufDuration, RetryInfo, RpcStatus } from "./generated/model.ts";

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
  const details: { typeUrl: string; value: Uint8Array }[] = [];
  const add = (name: string, value: object): void => {
    details.push({ typeUrl: typePrefix + name, value: encodeMessage(name, value) });
  };
  if (retryAfterMs !== undefined) add(retryInfoName, { retryDelay: durationOf(retryAfterMs) } satisfies RetryInfo);
  if (fieldViolations !== undefined)
    add(badRequestName, { fieldViolations: [...fieldViolations] } satisfies BadRequest);
  return encodeMessage(statusName, { code, message, details } satisfies RpcStatus);
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
  const { code = 0, message = "", details = [] } = decodeMessage(statusName, body) as RpcStatus;
  const status: Draft = { code, message };
  for (const { typeUrl = "", value = new Uint8Array(0) } of details) {
    const name = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
    if (name !== retryInfoName && name !== badRequestName) continue;
    try {
      const detail: RetryInfo & BadRequest = decodeMessage(name, value);
      if (name === retryInfoName) status.retryAfterMs = milliseconds(detail.retryDelay ?? {});
      else status.fieldViolations = (detail.fieldViolations ?? []).map(violation);
    } catch {
      // A damaged detail says nothing (F-08); the rest of the status still does.
    }
  }
  return status;
}

function fromJson(body: Uint8Array): Status {
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  if (!isObject(value)) throw new TypeError("not an object");
  const code = Number(value["code"] ?? 0);
  const status: Draft = { code: Number.isInteger(code) ? code : 0, message: textOf(value["message"]) };
  for (const detail of arrayOf(value["details"])) {
    if (!isObject(detail)) continue;
    const type = textOf(detail["@type"]);
    const name = type.slice(type.lastIndexOf("/") + 1);
    if (name === retryInfoName) {
      const delay = parseDuration(detail["retryDelay"]);
      if (delay !== undefined) status.retryAfterMs = delay;
    } else if (name === badRequestName) {
      status.fieldViolations = arrayOf(detail["fieldViolations"]).filter(isObject).map(violation);
    }
  }
  return status;
}

function violation(value: { readonly field?: unknown; readonly description?: unknown }): FieldViolation {
  return { field: textOf(value.field), description: textOf(value.description) };
}

function durationOf(ms: number): ProtobufDuration {
  const nanos = Math.round((ms % 1000) * 1e6);
  // Rounding may fill up the second.
  const carry = Math.floor(nanos / 1e9);
  return { seconds: BigInt(Math.floor(ms / 1000) + carry), nanos: nanos - carry * 1e9 };
}

/** Protobuf's spelling of a duration in JSON: "5s", "0.250s", with 0, 3, 6 or 9 digits of fraction. */
function durationText(ms: number): string {
  const { seconds = 0n, nanos = 0 } = durationOf(ms);
  if (nanos === 0) return `${seconds}s`;
  const digits = String(nanos).padStart(9, "0");
  const fraction = digits.endsWith("000000") ? 3 : digits.endsWith("000") ? 6 : 9;
  return `${seconds}.${digits.slice(0, fraction)}s`;
}

function milliseconds({ seconds = 0n, nanos = 0 }: ProtobufDuration): number {
  return Math.max(0, Number(seconds) * 1000 + nanos / 1e6);
}

/** ms, never negative; undefined if the text is no duration. RetryInfo without a delay is one of 0. */
function parseDuration(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0;
  if (typeof value !== "string" || !/^-?\d{1,12}(\.\d{1,9})?s$/.test(value)) return undefined;
  const [seconds = "0", fraction = ""] = value.slice(0, -1).split(".");
  if (seconds.startsWith("-")) return 0;
  return milliseconds({ seconds: BigInt(seconds), nanos: Number(fraction.padEnd(9, "0")) });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

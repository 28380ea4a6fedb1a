import { accepted, ExportError, protobufBatch, type Sender, type SendOptions, type Signal } from "@otlpkit/core";
import { encodeReply, encodeStatus, grpcCode, scan, type Status, statusOf } from "@otlpkit/otlp";
import { encodeGrpcMessage } from "../metadata.ts";

/** What both server engines do with a message once it is there, whole and uncompressed. */
export interface Exchange {
  readonly signal: Signal;
  readonly message: Uint8Array;
  /** For `batch.headers`. */
  readonly headers: Readonly<Record<string, string>>;
  /** For `batch.tenant`. */
  readonly tenant: string | undefined;
  readonly options: SendOptions;
  readonly maxResponseBytes: number;
}

/**
 * Checks the message, hands it to the pipeline and encodes the answer. What is malformed never reaches the pipeline.
 *
 * @throws ExportError "invalid" from the check, marked by `onInvalid`; whatever the pipeline throws; "too-large" when the
 * answer cannot be made to fit (B-12).
 */
export async function exchange(
  pipeline: Sender,
  { signal, message, headers, tenant, options, maxResponseBytes }: Exchange,
  onInvalid: (error: ExportError) => void,
): Promise<Uint8Array> {
  let items: number;
  try {
    items = scan(signal, message);
  } catch (error) {
    const invalid = ExportError.from(error);
    onInvalid(invalid);
    throw invalid;
  }
  const plain = protobufBatch(signal, message, items);
  const batch = headers === noHeaders && tenant === undefined ? plain : { ...plain, headers, ...named(tenant) };
  // Zero bytes are nothing to deliver, and a success (B-06). An envelope without known items may hold unknown ones.
  const nothing = message.byteLength === 0;
  const ack = nothing ? accepted : await pipeline.send(batch, options);
  return encodeReply(signal, ack, "protobuf", maxResponseBytes);
}

function named(tenant: string | undefined): { readonly tenant?: string } {
  return tenant === undefined ? {} : { tenant };
}

/** For requests that bring none to hand on. */
const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/** The request headers that go onward with the batch. Values of `-bin` keys leave base64 here, as they enter it there. */
export function onwardHeaders(
  names: readonly string[],
  valueOf: (name: string) => string | readonly string[] | undefined,
): Readonly<Record<string, string>> {
  if (names.length === 0) return noHeaders;
  let found: Record<string, string> | undefined;
  for (const name of names) {
    const value = valueOf(name);
    if (value === undefined) continue;
    const text = typeof value === "string" ? value : value.join(",");
    found ??= {};
    found[name] = name.endsWith("-bin") ? Buffer.from(text, "base64").toString("utf8") : text;
  }
  return found ?? noHeaders;
}

/** A status as it goes into trailers. */
export interface StatusFields {
  readonly "grpc-status": string;
  readonly "grpc-message"?: string;
  readonly "grpc-status-details-bin"?: string;
}

// Many clients take 8 KiB of headers at most, and a longer text helps nobody.
const maxMessageChars = 1_024;
const maxDetailsBytes = 3_072;

/** A status cut to what fits into headers: shorter text, and no field violations if they are many. */
export function bounded(status: Status): Status {
  const short =
    status.message.length <= maxMessageChars ? status : { ...status, message: `${cutOff(status.message)}…` };
  if (short.fieldViolations === undefined) return short;
  const { fieldViolations: _, ...rest } = short;
  return encodeStatus(short, "protobuf").byteLength <= maxDetailsBytes ? short : rest;
}

/** The beginning of a text, never half a character at its end. */
function cutOff(text: string): string {
  return text.slice(0, maxMessageChars - 1).replace(/[\uD800-\uDBFF]$/, "");
}

/** Whether a status says more than code and text, so that it needs `grpc-status-details-bin`. */
export function hasDetails(status: Status): boolean {
  return status.retryAfterMs !== undefined || (status.fieldViolations?.length ?? 0) > 0;
}

/** Trailers for a status; the details repeat code and text, as gRPC wants it (B-17). */
export function statusFields(full: Status): StatusFields {
  const status = bounded(full);
  const fields: { -readonly [Name in keyof StatusFields]: string } = { "grpc-status": String(status.code) };
  if (status.message !== "") fields["grpc-message"] = encodeGrpcMessage(status.message);
  if (hasDetails(status)) {
    const details = Buffer.from(encodeStatus(status, "protobuf"));
    fields["grpc-status-details-bin"] = details.toString("base64").replace(/=+$/, "");
  }
  return fields;
}

/**
 * What to say about a failure of the pipeline. When it failed because the call's own deadline was over, that is what the
 * client is told; timers may ring a moment early.
 */
export function statusOfFailure(error: unknown, deadline: number): Status {
  const failure = ExportError.from(error);
  return failure.code === "timeout" && performance.now() >= deadline - 2 ? deadlineExceeded : statusOf(failure);
}

/** The status of a call whose own deadline passed. Nobody waits for it any more, most likely. */
export const deadlineExceeded: Status = {
  code: grpcCode.DEADLINE_EXCEEDED,
  message: "the deadline of the call passed before there was an answer",
};

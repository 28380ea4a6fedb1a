import { type Ack, accepted, ExportError, type Format, type Signal } from "@otlpkit/core";
import { jsonMembers, membersOf, textOf } from "./json-members.ts";
import { fieldsOf, messageField, messageIn, numberField, numberIn, textField, textIn } from "./schemaless.ts";

/** How the count is called in a signal's response; each message has its own name for it. */
const countNames: Readonly<Record<Signal, string>> = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
  profiles: "rejectedProfiles",
};

const defaultMaxBytes = 4 * 1024 * 1024;

/**
 * Writes the answer to an Export call. Full success is no bytes at all, or `{}` in JSON (B-05); anything else is a
 * `partial_success` with the count and the message.
 *
 * The answer is never longer than `maxBytes` (default 4 MiB, B-10): the message is shortened between characters until it
 * fits, the count stays (B-11). Throws `ExportError` "too-large" if even that is too long (B-12).
 */
export function encodeReply(signal: Signal, ack: Ack, format: Format, maxBytes: number = defaultMaxBytes): Uint8Array {
  let { message } = ack;
  for (;;) {
    const body = write(signal, ack.rejectedItems, message, format);
    const excess = body.length - maxBytes;
    if (excess <= 0) return body;
    if (message === "") {
      throw new ExportError("too-large", `cannot answer within ${maxBytes} bytes; allow longer responses`);
    }
    // What is to go is measured as it is written. One byte at least, so this ends; it takes two or three rounds.
    message = shorten(message, excess, format);
  }
}

/**
 * Reads the answer to an Export call. An empty body and a `partial_success` with nothing in it are full success (G-03);
 * the count is brought into the range of a safe integer. Throws `ExportError` "bad-response" for what cannot be read.
 */
export function decodeReply(signal: Signal, body: Uint8Array, format: Format): Ack {
  if (body.length === 0) return accepted;
  try {
    const { rejectedItems, message } = format === "json" ? readJson(signal, body) : readProtobuf(body);
    return rejectedItems === 0 && message === "" ? accepted : { rejectedItems, message };
  } catch (cause) {
    const message = "cannot read the answer to an export: not an Export response; is the endpoint an OTLP receiver?";
    throw new ExportError("bad-response", message, { cause });
  }
}

function write(signal: Signal, rejectedItems: number, message: string, format: Format): Uint8Array {
  const full = rejectedItems === 0 && message === "";
  if (format === "protobuf") {
    // The four responses are alike but for names: partial_success is 1, in it the count is 1 and the message 2.
    return full ? new Uint8Array() : messageField(1, numberField(1, BigInt(rejectedItems)), textField(2, message));
  }
  const partialSuccess = {
    [countNames[signal]]: rejectedItems === 0 ? undefined : String(rejectedItems),
    errorMessage: message === "" ? undefined : message,
  };
  return new TextEncoder().encode(JSON.stringify(full ? {} : { partialSuccess }));
}

/** Takes at least `bytes` bytes off the end, whole characters only. */
function shorten(message: string, bytes: number, format: Format): string {
  let end = message.length;
  for (let taken = 0; taken < bytes && end > 0;) {
    const code = message.codePointAt(end - 2) ?? 0;
    const isPair = code > 0xffff;
    taken += isPair ? 4 : writtenLength(message.charCodeAt(end - 1), format);
    end -= isPair ? 2 : 1;
  }
  return message.slice(0, end);
}

function writtenLength(unit: number, format: Format): number {
  if (unit >= 0x80) return unit < 0x800 ? 2 : 3;
  if (format === "protobuf") return 1;
  if (unit === 0x22 || unit === 0x5c || (unit >= 8 && unit <= 13 && unit !== 11)) return 2; // \n and the like
  return unit < 0x20 ? 6 : 1; // \u0000
}

function readProtobuf(body: Uint8Array): Ack {
  const partial = messageIn(fieldsOf(body), 1);
  if (partial === undefined) return accepted;
  return { rejectedItems: count(BigInt.asIntN(64, numberIn(partial, 1))), message: textIn(partial, 2) };
}

function readJson(signal: Signal, body: Uint8Array): Ack {
  const partial = membersOf(jsonMembers(body)["partialSuccess"]);
  if (partial === undefined) return accepted;
  return { rejectedItems: count(partial[countNames[signal]]), message: textOf(partial["errorMessage"]) };
}

/** A count may come as bigint (protobuf), string or number (JSON, G-05). */
function count(value: unknown): number {
  if (typeof value !== "bigint" && typeof value !== "string" && typeof value !== "number") return 0;
  const number = Math.trunc(Number(value));
  return number > 0 ? Math.min(number, Number.MAX_SAFE_INTEGER) : 0;
}

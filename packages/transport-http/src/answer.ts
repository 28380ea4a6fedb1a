import { type Ack, accepted, ExportError, type Signal } from "@otlpkit/core";
import { decodeReply, statusMessage } from "@otlpkit/otlp/replies";
import { formatOf } from "./media-type.ts";
import { shown } from "./request-url.ts";
import { retryAfterMs } from "./retry-after.ts";
import { adviceOfStatus, codeOfStatus, grpcStatusOf, retryableStatuses } from "./status-table.ts";

/** What came back for one request, however it was sent. */
export interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  /** Decompressed; empty when there was none or it cannot be read. */
  readonly body: Uint8Array;
}

/**
 * What an answer means (C-13 to C-18, F-09 to F-12). Any 2xx is a success whatever its body says or fails to say: the far
 * side has the data, so a body that we cannot read is no reason to send them again (C-14).
 *
 * @throws ExportError for every other status, with the far side's own words if it had any.
 */
export function ackOf(answer: Answer, signal: Signal, url: URL): Ack {
  const { status, body } = answer;
  if (status < 200 || status > 299) throw refusal(answer, signal, url);
  const format = formatOf(answer.contentType);
  if (format === undefined || body.byteLength === 0) return accepted;
  try {
    return decodeReply(signal, body, format);
  } catch {
    // Some answer 200 with a page of their own; they took the data all the same.
    return accepted;
  }
}

/** Where to send the request again: a redirect that keeps the method and stays on the origin (C-16), else undefined. */
export function redirectOf(answer: Answer, from: URL): URL | undefined {
  if (answer.status !== 307 && answer.status !== 308) return undefined;
  const to = locationOf(answer, from);
  return to?.origin === from.origin ? to : undefined;
}

function locationOf({ location }: Answer, from: URL): URL | undefined {
  return location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
}

function refusal(answer: Answer, signal: Signal, url: URL): ExportError {
  const { status } = answer;
  const attempted = `cannot deliver ${signal} to ${shown(url)}`;
  if (status >= 300 && status <= 399) {
    const to = locationOf(answer, url);
    const where = to === undefined ? "it does not say where" : `to ${shown(to)}`;
    return new ExportError(
      "rejected",
      `${attempted}: redirected (${status}) ${where}; headers are not carried elsewhere, so set the endpoint to the new place`,
    );
  }
  const said = words(answer);
  const advice = adviceOfStatus[status];
  const message = `${attempted}: HTTP ${status}${said && `: ${said}`}${advice === undefined ? "" : `; ${advice}`}`;
  const retryable = retryableStatuses.has(status);
  return new ExportError(codeOfStatus[status] ?? "rejected", message, {
    retryable,
    retryAfterMs: retryable ? retryAfterMs(answer.retryAfter) : 0,
    grpcStatus: grpcStatusOf[status],
  });
}

const maxWords = 300;

/** The message of the Status in the body or, as proxies send pages, the text of whatever is there, cut short (C-17). */
function words({ body, contentType }: Answer): string {
  if (body.byteLength === 0) return "";
  const format = formatOf(contentType);
  if (format !== undefined) {
    try {
      // The code inside is not acted upon: only the HTTP status decides.
      const message = statusMessage(body, format);
      if (message !== "") return cut(message);
    } catch {
      // Not a Status, although it says so: show what it is, if it is text.
    }
  }
  if (format === "protobuf" || !/^(text\/|application\/(\w+\+)?(json|xml))/i.test(contentType ?? "")) return "";
  const text = new TextDecoder().decode(body.subarray(0, 16_384));
  return cut(text.replace(/<(script|style|head)\b.*?<\/\1\s*>/gis, " ").replace(/<[^>]*>/g, " "));
}

function cut(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  // Without the first half of a pair that is cut in two.
  return line.length > maxWords ? `${line.slice(0, maxWords - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : line;
}

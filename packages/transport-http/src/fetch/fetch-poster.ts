import { type ByteBudget, ExportError } from "@otlpkit/core";
import type { Answer } from "../answer.ts";
import { answerTooLarge, cancelled, timedOut } from "../interruptions.ts";
import type { Poster, PostRequest } from "../otlp-sender.ts";
import { shown } from "../request-url.ts";
import { retryableStatuses } from "../status-table.ts";

/** No more requests than these outlive a page: browsers bound their number as well as their bytes. */
const maxKeepaliveRequests = 9;

/** Posts through `fetch`. */
export function fetchPoster(
  fetch: typeof globalThis.fetch,
  settings: {
    readonly maxResponseBytes: number;
    /** What requests that outlive the page may weigh together; undefined: there are none. */
    readonly keepalive: ByteBudget | undefined;
  },
): Poster {
  async function post(request: PostRequest): Promise<Answer> {
    const { url, headers, body, deadline, signal } = request;
    const kept = settings.keepalive;
    // None weighs less than its share, so that their number is bounded too.
    const weight = Math.max(body.byteLength, Math.floor((kept?.maxBytes ?? 0) / maxKeepaliveRequests));
    const keepalive = kept?.reserve(weight) === true;
    const timeout = deadline === undefined ? undefined : timeoutAt(deadline);
    const ends = [signal, timeout].filter((end) => end !== undefined);
    try {
      const response = await fetch(url.href, {
        method: "POST",
        headers,
        body: body as Uint8Array<ArrayBuffer>,
        // A redirect is ours to judge: followed blindly, a 301 makes a GET of this (C-16).
        redirect: "manual",
        ...(keepalive ? { keepalive } : {}),
        ...(ends.length === 0 ? {} : { signal: AbortSignal.any(ends) }),
      });
      return await answerOf(response, url, settings.maxResponseBytes);
    } catch (error) {
      if (signal?.aborted === true) throw cancelled(url, signal);
      if (timeout?.aborted === true) throw timedOut(url);
      throw ExportError.is(error) ? error : noAnswer(error, url);
    } finally {
      if (keepalive) kept.release(weight);
    }
  }

  // The platform owns the connections.
  return { post, release() {} };
}

function timeoutAt(deadline: number): AbortSignal {
  return AbortSignal.timeout(Math.min(Math.max(0, Math.ceil(deadline - performance.now())), 2 ** 31 - 1));
}

async function answerOf(response: Response, url: URL, maxBytes: number): Promise<Answer> {
  if (response.type === "opaqueredirect") {
    const message = `cannot deliver to ${shown(url)}: redirected, and browsers do not say where; set the endpoint to the new place`;
    throw new ExportError("rejected", message);
  }
  const { status, headers } = response;
  const answer = {
    status,
    contentType: headers.get("content-type") ?? undefined,
    retryAfter: headers.get("retry-after") ?? undefined,
    location: headers.get("location") ?? undefined,
  };
  try {
    return { ...answer, body: await boundedBody(response, url, maxBytes) };
  } catch (error) {
    const interrupted = error instanceof DOMException && error.name !== "NetworkError";
    // The connection broke within the words of a refusal: the status alone says that this will not be taken.
    if (ExportError.is(error) || interrupted || status < 300 || retryableStatuses.has(status)) throw error;
    return { ...answer, body: new Uint8Array() };
  }
}

async function boundedBody(response: Response, url: URL, maxBytes: number): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      // Frees the connection; how the rest of an answer that nobody wants ends is of no interest.
      reader.cancel().catch(() => {});
      throw answerTooLarge(url, response.status, maxBytes);
    }
    chunks.push(value);
  }
  return joined(chunks, bytes);
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** `fetch` says no more than that it failed; what lies beneath differs by platform. */
function noAnswer(cause: unknown, url: URL): ExportError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = (cause as { cause?: { code?: unknown } } | null)?.cause?.code;
  return new ExportError(
    "unavailable",
    `cannot reach ${shown(url)} (${typeof code === "string" ? code : reason}); is it running, does it speak HTTP, and in a ` +
      "page: does its CORS allow this origin and these headers?",
    { cause },
  );
}

import type { IncomingMessage } from "node:http";
import { ExportError } from "@otlpkit/core";

/** The whole body as text, decompressed; no more than `maxBytes` of it. `over` ends the wait. */
export async function readWhole(message: IncomingMessage, maxBytes: number, over: AbortSignal): Promise<string> {
  const onAbort = (): void => void message.destroy(over.reason as Error);
  if (over.aborted) onAbort();
  over.addEventListener("abort", onAbort, { once: true });
  try {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of message) {
      bytes += (piece as Uint8Array).byteLength;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      pieces.push(piece as Uint8Array);
    }
    const body = Buffer.concat(pieces);
    // Some name a compression where there is nothing to compress.
    const isZipped = message.headers["content-encoding"] === "gzip" && body.byteLength > 0;
    return (isZipped ? unzipped(body, maxBytes) : body).toString("utf8");
  } finally {
    over.removeEventListener("abort", onAbort);
  }
}

function unzipped(body: Uint8Array, maxBytes: number): Buffer {
  try {
    return process.getBuiltinModule("node:zlib").gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new ExportError("bad-response", "the answer says that it is gzip, and is not", { cause, retryable: true });
  }
}

function tooLarge(maxBytes: number): ExportError {
  return new ExportError("bad-response", `the answer has more than the ${maxBytes} bytes allowed`, { retryable: true });
}

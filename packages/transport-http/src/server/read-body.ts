import type { IncomingMessage } from "node:http";
import { ExportError } from "@otlpkit/core";
import type { Share } from "./share.ts";

/** A body is believed to be as large as it says up to here; beyond, memory follows what really arrives. */
const trustedBytes = 1024 * 1024;
const firstGuessBytes = 16 * 1024;

/** The length that a request announces; undefined when it is sent in chunks. */
export function announcedBytes(request: IncomingMessage): number | undefined {
  const { "content-length": length, "transfer-encoding": chunked } = request.headers;
  if (length !== undefined) return Number(length);
  return chunked === undefined ? 0 : undefined;
}

/** A body over the limit (D-03). */
export function bodyTooLarge(maxBytes: number): ExportError {
  return new ExportError("too-large", `the request is larger than ${maxBytes} bytes; send smaller batches`);
}

/**
 * Reads a body into one buffer, never more than `maxBytes` of it (D-02) and never more than `share` may hold.
 *
 * @throws ExportError "too-large", "overloaded", or "cancelled" when the sender went away within it.
 */
export function readBody(request: IncomingMessage, maxBytes: number, share: Share): Promise<Uint8Array> {
  const announced = announcedBytes(request);
  return new Promise((resolve, reject) => {
    let buffer: Uint8Array | undefined;
    let length = 0;

    const take = (chunk: Buffer): void => {
      const needed = length + chunk.byteLength;
      if (needed > maxBytes) throw bodyTooLarge(maxBytes);
      if (buffer === undefined && needed === announced && ownsItsMemory(chunk)) {
        buffer = chunk;
      } else {
        buffer = withRoom(buffer, needed, announced, maxBytes, share);
        buffer.set(chunk, length);
      }
      length = needed;
    };
    const fail = (error: unknown): void => {
      request.off("data", onData);
      reject(error);
    };
    function onData(chunk: Buffer): void {
      try {
        take(chunk);
      } catch (error) {
        fail(error);
      }
    }

    if (announced !== undefined && announced > maxBytes) throw bodyTooLarge(maxBytes);
    share.resize(announced ?? 0);
    request.on("data", onData);
    request.on("end", () => resolve(buffer?.subarray(0, length) ?? new Uint8Array()));
    request.on("error", (cause) => {
      fail(new ExportError("cancelled", "the sender went away within its request", { cause }));
    });
  });
}

/** Whether holding this chunk holds little else: it may be a view of all that the socket delivered at once. */
function ownsItsMemory(chunk: Buffer): boolean {
  return chunk.buffer.byteLength <= chunk.byteLength + 512;
}

/** The buffer, or a larger one with the same beginning. */
function withRoom(
  buffer: Uint8Array | undefined,
  needed: number,
  announced: number | undefined,
  maxBytes: number,
  share: Share,
): Uint8Array {
  if (buffer !== undefined && buffer.byteLength >= needed) return buffer;
  const grown = Math.min(maxBytes, Math.max(needed, 2 * (buffer?.byteLength ?? 0), firstGuessBytes));
  let capacity = grown;
  if (announced === undefined) share.resize(capacity);
  else capacity = announced <= trustedBytes ? announced : Math.min(announced, Math.max(grown, trustedBytes));
  // Not from the pool that Node cuts small buffers from: a body that waits in a queue would hold its neighbours as well.
  const larger = Buffer.allocUnsafeSlow(capacity);
  if (buffer !== undefined) larger.set(buffer);
  return larger;
}

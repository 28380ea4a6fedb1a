import type { IncomingMessage } from "node:http";
import { type Compressor, ExportError } from "@otlpkit/core";
import type { Answer } from "./answer.ts";
import { answerTooLarge } from "./interruptions.ts";
import { retryableStatuses } from "./status-table.ts";

export interface AnswerLimits {
  readonly maxResponseBytes: number;
  /** By the name of their coding. */
  readonly compressors: ReadonlyMap<string, Compressor>;
}

/** Reads an answer whole and undoes its compression; never more than `maxResponseBytes`, before and after (C-11, C-12). */
export async function readAnswer(response: IncomingMessage, url: URL, limits: AnswerLimits): Promise<Answer> {
  const status = response.statusCode as number;
  const { headers } = response;
  const answer = {
    status,
    contentType: headers["content-type"],
    retryAfter: headers["retry-after"],
    location: headers.location,
  };
  try {
    const body = await readBody(response, url, limits.maxResponseBytes);
    return { ...answer, body: await decompressed(body, headers["content-encoding"], url, status, limits) };
  } catch (error) {
    // The connection broke within the words of a refusal: the status alone says that this will not be taken.
    const final = !ExportError.is(error) && status >= 300 && !retryableStatuses.has(status);
    if (final) return { ...answer, body: nothing };
    throw error;
  }
}

const nothing = new Uint8Array();

function readBody(response: IncomingMessage, url: URL, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    if (Number(response.headers["content-length"] ?? 0) > maxBytes) {
      reject(answerTooLarge(url, response.statusCode as number, maxBytes));
      return;
    }
    response.on("data", (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) reject(answerTooLarge(url, response.statusCode as number, maxBytes));
      else chunks.push(chunk);
    });
    response.on("end", () => resolve(chunks.length === 0 ? nothing : Buffer.concat(chunks, bytes)));
    response.on("error", reject);
  });
}

async function decompressed(
  body: Uint8Array,
  encoding: string | undefined,
  url: URL,
  status: number,
  { compressors, maxResponseBytes }: AnswerLimits,
): Promise<Uint8Array> {
  if (encoding === undefined || body.byteLength === 0 || encoding.toLowerCase() === "identity") return body;
  const compressor = compressors.get(encoding.toLowerCase());
  // We did not ask for it and cannot read it: the status has to do.
  if (compressor === undefined) return nothing;
  try {
    return await compressor.decompress(body, maxResponseBytes);
  } catch (error) {
    if (ExportError.is(error) && error.code === "too-large") throw answerTooLarge(url, status, maxResponseBytes);
    return nothing;
  }
}

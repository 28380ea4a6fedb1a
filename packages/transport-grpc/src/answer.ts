import { type Ack, accepted, type Compressor, ExportError, type Signal } from "@otlpkit/core";
import { decodeReply, decodeStatus, errorOf, grpcCode, type Status } from "@otlpkit/otlp/replies";
import type { CallAnswer } from "./call.ts";
import { prefixBytes } from "./frame.ts";
import { decodeGrpcMessage } from "./metadata.ts";

/** What is needed to judge an answer. */
export interface AnswerContext {
  readonly signal: Signal;
  readonly maxResponseBytes: number;
  readonly compressors: ReadonlyMap<string, Compressor>;
  /** Begins error messages. */
  readonly attempted: string;
}

/** Makes an {@link Ack} of what came back. @throws ExportError for everything that is not "taken". */
export function judge(answer: CallAnswer, context: AnswerContext): Ack | Promise<Ack> {
  const { headers, trailers } = answer;
  // Usually in the trailers; in the headers when there was nothing else to say (trailers-only).
  const fields = trailers?.["grpc-status"] === undefined ? headers : trailers;
  const written = fields["grpc-status"];
  if (written === undefined) throw withoutStatus(answer, context.attempted);
  const code = /^\d{1,2}$/.test(String(written)) ? Number(written) : grpcCode.UNKNOWN;
  if (code !== grpcCode.OK) {
    throw errorOf(
      statusFrom(code, fields["grpc-message"] as string | undefined, fields["grpc-status-details-bin"]),
      context.attempted,
    );
  }
  const { head, message } = answer;
  if (head === undefined || message.receivedBytes !== prefixBytes + head.length || head.length === 0) return accepted;
  return head.compressed ? decompressed(answer, context) : ackFrom(context.signal, message.take());
}

/** The reply's own words; one that cannot be read takes nothing back, the data are there (C-14). */
export function ackFrom(signal: Signal, message: Uint8Array): Ack {
  try {
    return decodeReply(signal, message, "protobuf");
  } catch {
    return accepted;
  }
}

/** Puts a status together; details that cannot be read are left out, the code and text count all the same (F-08). */
export function statusFrom(
  code: number,
  grpcMessage: string | undefined,
  detailsBin: string | Uint8Array | readonly string[] | undefined,
): Status {
  const message = decodeGrpcMessage(grpcMessage ?? "");
  if (detailsBin === undefined) return { code, message };
  try {
    // Buffer reads base64 with padding and without. Several headers of one name are one list; the first is meant.
    const bytes =
      detailsBin instanceof Uint8Array ? detailsBin : Buffer.from(String(detailsBin).split(",")[0] as string, "base64");
    const details = decodeStatus(bytes, "protobuf");
    return { ...details, code, message: message === "" ? details.message : message };
  } catch {
    // Garbage in a diagnostic field must not hide the status.
    return { code, message };
  }
}

// A proxy answered in place of the server (F-21); the table is gRPC's.
const codeOfHttpStatus: Readonly<Record<number, number>> = {
  400: grpcCode.INTERNAL,
  401: grpcCode.UNAUTHENTICATED,
  403: grpcCode.PERMISSION_DENIED,
  404: grpcCode.UNIMPLEMENTED,
  429: grpcCode.UNAVAILABLE,
  502: grpcCode.UNAVAILABLE,
  503: grpcCode.UNAVAILABLE,
  504: grpcCode.UNAVAILABLE,
};

function withoutStatus({ headers }: CallAnswer, attempted: string): ExportError {
  const httpStatus = Number(headers[":status"] ?? 0);
  const type = headers["content-type"];
  if (httpStatus === 200) {
    return new ExportError(
      "bad-response",
      `${attempted}: the answer has no grpc-status (content type ${type ?? "missing"}); ` +
        "is there a proxy in between that does not pass on HTTP/2 trailers?",
    );
  }
  const message = `HTTP status ${httpStatus} instead of a gRPC answer (content type ${type ?? "missing"})`;
  return errorOf({ code: codeOfHttpStatus[httpStatus] ?? grpcCode.UNKNOWN, message }, attempted);
}

async function decompressed({ headers, message }: CallAnswer, context: AnswerContext): Promise<Ack> {
  const compressor = context.compressors.get(String(headers["grpc-encoding"]));
  if (compressor === undefined) return accepted;
  try {
    return ackFrom(context.signal, await compressor.decompress(message.take(), context.maxResponseBytes));
  } catch (error) {
    if (!ExportError.is(error) || error.code !== "too-large") return accepted;
    // Not passed on as it is: "too-large" would say that the request was.
    throw new ExportError(
      "bad-response",
      `${context.attempted}: the answer is larger than maxResponseBytes (${context.maxResponseBytes}) when decompressed`,
      { cause: error },
    );
  }
}

import type { ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { ExportError } from "@otlpkit/core";
import type { Alarm, Alarms } from "./alarms.ts";
import type { Connection, Session } from "./connection.ts";
import { cancel, enhanceYourCalm, nameOfErrorCode, noError, refusedStream } from "./error-codes.ts";
import { framed, type MessageHead, type MessageReader, messagePrefix, messageReader, prefixBytes } from "./frame.ts";
import { encodeGrpcTimeout, isGrpc } from "./metadata.ts";

/** One unary call. */
export interface CallRequest {
  /** Without `grpc-timeout`, which is written when the call really starts. */
  readonly headers: OutgoingHttpHeaders;
  readonly message: Uint8Array;
  readonly compressed: boolean;
  /** On the clock of `performance.now()`. */
  readonly deadline: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly maxResponseBytes: number;
  /** Begins error messages: "export of 4 spans to collector:4317". */
  readonly attempted: string;
}

/** What came back, not yet judged. */
export interface CallAnswer {
  readonly headers: IncomingHttpHeaders;
  /** Absent when the answer had none, or when `headers` are all there is. */
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly head: MessageHead | undefined;
  readonly message: MessageReader;
}

/** A call under way. */
export interface Call {
  readonly answer: Promise<CallAnswer>;
  /** Ends it with this error, unless it has ended. */
  cancel(error: ExportError): void;
}

// Up to here a copy into one buffer is cheaper than a gathered write of two.
const copyUpToBytes = 16_384;

const swallow = (): void => {};

/**
 * Makes one call over the connection: waits for room, sends, collects the answer. Whatever happens on the way, `answer`
 * settles once, and at `deadline` at the latest.
 */
export function startCall(connection: Connection, alarms: Alarms, request: CallRequest): Call {
  const { deadline, signal, attempted } = request;
  let stream: ClientHttp2Stream | undefined;
  let session: Session | undefined;
  let alarm: Alarm | undefined;
  let leave: (() => void) | undefined;
  let settled = false;
  let resolve!: (answer: CallAnswer) => void;
  let reject!: (error: ExportError) => void;
  const answer = new Promise<CallAnswer>((yes, no) => {
    resolve = yes;
    reject = no;
  });

  function settle(): boolean {
    if (settled) return false;
    settled = true;
    if (alarm !== undefined) alarms.remove(alarm);
    signal?.removeEventListener("abort", onAbort);
    // A stream whose answer is complete while its request is not, or that nobody wants any more, is reset.
    if (stream !== undefined && !stream.closed) {
      if (!stream.writableFinished || !stream.readableEnded) stream.close(cancel);
    }
    leave?.();
    return true;
  }
  function fail(error: ExportError): void {
    if (settle()) reject(error);
  }
  function onAbort(): void {
    fail(new ExportError("cancelled", `${attempted}: given up by the caller`, { cause: signal?.reason }));
  }
  function onDeadline(): void {
    const was = stream === undefined ? "no connection" : "no answer";
    session?.suspect();
    fail(new ExportError("timeout", `${attempted}: ${was} within the time given for it`));
  }

  if (deadline !== undefined) {
    alarm = { dueAt: deadline, ring: onDeadline };
    alarms.add(alarm);
  }
  signal?.addEventListener("abort", onAbort, { once: true });
  leave = connection.enter({ begin, fail });
  // Admitted and failed at once, before there was anything to leave.
  if (settled) leave();
  return { answer, cancel: fail };

  function begin(admittedTo: Session): void {
    session = admittedTo;
    const { headers } = request;
    if (deadline !== undefined) headers["grpc-timeout"] = encodeGrpcTimeout(deadline - performance.now());
    try {
      stream = session.http2.request(headers);
    } catch (error) {
      // The session was closed in the very moment, or a header is not fit to be sent.
      const code = (error as NodeJS.ErrnoException).code ?? "";
      fail(
        /SESSION|GOAWAY|OUT_OF_STREAMS/.test(code)
          ? session.lost()
          : new ExportError("rejected", `${attempted}: the call cannot be made (${code}); are all headers valid?`, {
              cause: error,
            }),
      );
      return;
    }
    collect(stream, admittedTo);
    const { message, compressed } = request;
    if (message.byteLength <= copyUpToBytes) {
      stream.end(framed(message, compressed));
    } else {
      stream.cork();
      stream.write(messagePrefix(message.byteLength, compressed));
      stream.end(message);
    }
  }

  function collect(opened: ClientHttp2Stream, on: Session): void {
    const message = messageReader();
    let headers: IncomingHttpHeaders | undefined;
    let trailers: IncomingHttpHeaders | undefined;
    let head: MessageHead | undefined;
    opened.on("response", (received) => {
      headers = received;
      // A proxy's page is nothing to read, whatever its size.
      if (!isGrpc(received["content-type"])) complete();
    });
    opened.on("trailers", (received) => {
      trailers = received;
    });
    opened.on("data", (chunk: Buffer) => {
      if (settled) return;
      head = message.push(chunk) ?? head;
      const bytes = Math.max(head?.length ?? 0, message.receivedBytes - prefixBytes);
      if (bytes <= request.maxResponseBytes) return;
      fail(
        new ExportError(
          "bad-response",
          `${attempted}: the answer of at least ${bytes} bytes is larger than maxResponseBytes ` +
            `(${request.maxResponseBytes}) and was given up; the data may have been taken`,
        ),
      );
    });
    opened.on("end", () => {
      // A stream that is torn down also ends; "close" tells.
      if (opened.rstCode === noError) complete();
    });
    opened.on("error", swallow);
    opened.on("close", () => {
      if (settled) return;
      // A reset that follows a status, as some servers and proxies send it, takes nothing back.
      if (trailers?.["grpc-status"] !== undefined || headers?.["grpc-status"] !== undefined) complete();
      else if (opened.rstCode === noError && headers !== undefined) complete();
      else fail(broken(opened.rstCode ?? 0, on));
    });

    function complete(): void {
      if (headers === undefined) fail(broken(opened.rstCode ?? 0, on));
      else if (settle()) resolve({ headers, trailers, head, message });
    }
  }

  function broken(rstCode: number, on: Session): ExportError {
    if (on.http2.destroyed) return on.lost();
    const name = nameOfErrorCode(rstCode);
    if (rstCode === enhanceYourCalm) {
      return new ExportError("overloaded", `${attempted}: the stream was reset (${name})`);
    }
    return new ExportError(
      "unavailable",
      `${attempted}: the stream was reset before the answer (${name})${
        rstCode === refusedStream ? "; it was not processed" : ""
      }`,
    );
  }
}

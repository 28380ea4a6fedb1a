import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import { type Caller, type Compressor, ExportError, type Sender, type SendOptions, type Signal } from "@otlpkit/core";
import { type Status, statusOf } from "@otlpkit/otlp/replies";
import type { Alarm, Alarms } from "../alarms.ts";
import { emptyMessage, framed, type MessageHead, messagePrefix, messageReader, prefixBytes } from "../frame.ts";
import { decodeGrpcTimeout, isGrpc } from "../metadata.ts";
import { allowance, inflate } from "./allowance.ts";
import { callerOf, certificateOf } from "./caller-of.ts";
import { deadlineExceeded, exchange, onwardHeaders, statusFields, statusOfFailure } from "./exchange.ts";
import { type FilledReceiverOptions, refusalOf } from "./options.ts";
import { tenantOf, tenantRefusal } from "./tenant.ts";

/** What all calls of a receiver share. */
export interface CallContext {
  readonly options: FilledReceiverOptions;
  readonly pipeline: Sender;
  readonly signalOfPath: ReadonlyMap<string, Signal>;
  readonly compressors: ReadonlyMap<string, Compressor>;
  readonly alarms: Alarms;
  /** For `grpc-accept-encoding`. */
  readonly accepted: string;
}

const successHeaders = { ":status": 200, "content-type": "application/grpc" };
// A date is of no use to a gRPC client.
const withTrailers = { waitForTrailers: true, sendDate: false };
const trailersOnly = { endStream: true, sendDate: false };
const successTrailers = { "grpc-status": "0" };
const copyUpToBytes = 16_384;

/** Takes one stream that a client has opened: finds out who it is, reads its one message, answers it. Never throws. */
export function serveCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, context: CallContext): void {
  const { authenticator } = context.options;
  stream.on("error", swallow);
  if (authenticator === undefined) return takeCall(stream, headers, context, undefined);
  const gone = new AbortController();
  const leave = (): void => gone.abort(new ExportError("cancelled", "the client gave up or went away"));
  stream.once("close", leave);
  const socket = stream.session?.socket as TLSSocket | undefined;
  const approach = {
    headers,
    address: socket?.remoteAddress ?? "",
    certificate: socket === undefined ? undefined : certificateOf(socket),
  };
  callerOf(authenticator, approach, gone.signal).then(
    (caller) => {
      stream.off("close", leave);
      if (!stream.destroyed) takeCall(stream, headers, context, caller);
    },
    (thrown: unknown) => {
      stream.off("close", leave);
      const error = ExportError.from(thrown, "cannot tell who is asking");
      const signal = context.signalOfPath.get(headers[":path"] ?? "");
      context.options.onRefused(refusalOf(signal, undefined, error, approach.address));
      if (!stream.destroyed && !stream.closed) respondStatus(stream, statusOf(error), context);
    },
  );
}

function takeCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  context: CallContext,
  caller: Caller | undefined,
): void {
  const { options, pipeline } = context;

  if (headers[":method"] !== "POST") return answerHttp(stream, 405);
  if (!isGrpc(headers["content-type"])) return answerHttp(stream, 415);

  const path = headers[":path"] ?? "";
  const signal = context.signalOfPath.get(path);
  const tenant = caller?.tenant ?? tenantOf(options.tenantHeader, (name) => headers[name]);
  const held = allowance(options.budget, tenant, options.retryAfterMs);
  const reader = messageReader();
  let head: MessageHead | undefined;
  let answered = false;
  let processing = false;
  // Made when somebody asks for it: most pipelines do not, and it costs as much as the rest of a small call's answer.
  let gone: AbortController | undefined;
  let goneBecause: ExportError | undefined;
  const timeoutMs = decodeGrpcTimeout(headers["grpc-timeout"] as string | undefined) ?? Infinity;
  const arrivedAt = performance.now();
  const deadline = arrivedAt + timeoutMs;
  const alarm: Alarm = { dueAt: Math.min(deadline, arrivedAt + options.messageTimeoutMs), ring };
  context.alarms.add(alarm);

  stream.on("close", () => {
    if (answered) return;
    end();
    giveUp(new ExportError("cancelled", "the client gave up or went away"));
  });

  if (signal === undefined) {
    return refuse(new ExportError("unsupported", `unknown or disabled service or method ${path.slice(0, 200)}`));
  }
  const encoding = headers["grpc-encoding"] as string | undefined;
  const compressor = encoding === undefined ? undefined : context.compressors.get(encoding);
  if (encoding !== undefined && encoding !== "identity" && compressor === undefined) {
    return refuse(
      new ExportError("unsupported", `unknown grpc-encoding ${encoding.slice(0, 50)}; accepted: ${context.accepted}`),
    );
  }
  const noTenant = tenantRefusal(tenant);
  if (noTenant !== undefined) return refuse(noTenant);
  stream.on("data", (chunk: Buffer) => {
    if (answered) return;
    const arrived = reader.push(chunk);
    if (arrived !== undefined) {
      head = arrived;
      if (head.length > options.maxRequestBytes) return refuse(tooLarge(head.length));
      try {
        held.hold(head.length);
      } catch (error) {
        return refuse(error as ExportError);
      }
    }
    if (head !== undefined && reader.receivedBytes > prefixBytes + head.length) {
      refuse(new ExportError("invalid", "more bytes than the one message of a unary call; do not stream to Export"));
    }
  });
  stream.on("end", () => {
    alarm.dueAt = deadline;
    if (answered || stream.closed) return;
    if (head === undefined || reader.receivedBytes < prefixBytes + head.length) {
      refuse(new ExportError("invalid", `the request ended early, after ${reader.receivedBytes} bytes`));
    } else {
      void answer(head);
    }
  });

  async function answer({ compressed }: MessageHead): Promise<void> {
    const onInvalid = (error: ExportError): void => options.onRefused(refusalOf(signal, tenant, error));
    let reachedPipeline = false;
    processing = true;
    try {
      if (compressed && compressor === undefined) {
        throw new ExportError("rejected", "the message says it is compressed, but the call names no grpc-encoding");
      }
      const message =
        compressed && compressor !== undefined
          ? await inflate(reader.take(), compressor, options.maxRequestBytes, held)
          : reader.take();
      // The client may have gone while the message was inflated.
      if (answered) return;
      reachedPipeline = true;
      const reply = await exchange(
        pipeline,
        {
          signal: signal as Signal,
          message,
          headers: onwardHeaders(options.onwardHeaders, (name) => headers[name]),
          tenant,
          options: sendOptions(),
          maxResponseBytes: options.maxResponseBytes,
        },
        onInvalid,
      );
      succeed(reply);
    } catch (error) {
      if (reachedPipeline) answerStatus(statusOfFailure(error, deadline));
      else refuse(ExportError.from(error));
    } finally {
      held.release();
    }
  }

  function sendOptions(): SendOptions {
    const lazy = {
      get signal(): AbortSignal {
        gone ??= new AbortController();
        if (goneBecause !== undefined) gone.abort(goneBecause);
        return gone.signal;
      },
      ...(caller === undefined ? {} : { caller }),
    };
    return deadline === Infinity
      ? lazy
      : Object.defineProperty(lazy, "deadline", { value: deadline, enumerable: true });
  }

  function giveUp(because: ExportError): void {
    goneBecause = because;
    gone?.abort(because);
  }

  function ring(): void {
    if (alarm.dueAt === deadline) {
      giveUp(new ExportError("timeout", deadlineExceeded.message));
      answerStatus(deadlineExceeded);
    } else {
      const text = `the request did not arrive within ${options.messageTimeoutMs} ms; is the network slow?`;
      refuse(new ExportError("timeout", text));
    }
  }

  /** Answers what never reached the pipeline. */
  function refuse(error: ExportError): void {
    if (answered) return;
    options.onRefused(refusalOf(signal, tenant, error));
    answerStatus(statusOf(error));
  }

  function tooLarge(bytes: number): ExportError {
    return new ExportError(
      "too-large",
      `the request of ${bytes} bytes is larger than the ${options.maxRequestBytes} accepted here; send smaller batches`,
    );
  }

  function end(): void {
    answered = true;
    context.alarms.remove(alarm);
    // A pipeline that is still at it holds the message, whoever has stopped waiting.
    if (!processing) held.release();
  }

  function succeed(reply: Uint8Array): void {
    if (answered) return;
    end();
    if (stream.destroyed || stream.closed) return;
    stream.on("wantTrailers", () => stream.sendTrailers(successTrailers));
    stream.respond(successHeaders, withTrailers);
    if (reply.byteLength <= copyUpToBytes) {
      stream.end(reply.byteLength === 0 ? emptyMessage : framed(reply, false));
    } else {
      stream.cork();
      stream.write(messagePrefix(reply.byteLength, false));
      stream.end(reply);
    }
  }

  function answerStatus(status: Status): void {
    if (answered) return;
    end();
    if (stream.destroyed || stream.closed) return;
    respondStatus(stream, status, context);
  }
}

/** Headers are all there is to such an answer (trailers-only). */
function respondStatus(stream: ServerHttp2Stream, status: Status, { accepted }: CallContext): void {
  const answer = { ":status": 200, "content-type": "application/grpc", "grpc-accept-encoding": accepted };
  stream.respond({ ...answer, ...statusFields(status) }, trailersOnly);
  stopReading(stream);
}

function answerHttp(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ":status": status }, { endStream: true });
  stopReading(stream);
}

/** Tells a client that is still sending that the answer is complete without the rest (RFC 9113, 8.1). */
function stopReading(stream: ServerHttp2Stream): void {
  // In the next turn, when the answer has been written: a reset would overtake it.
  if (!stream.readableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
}

function swallow(): void {
  // The "close" that follows tells what there is to tell.
}

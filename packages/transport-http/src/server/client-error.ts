import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { encodeStatus, grpcCode } from "@otlpkit/otlp/replies";
import { contentTypes } from "../media-type.ts";

/** Answers what is not HTTP, or not in time, or too much of it, and hangs up. Node would answer without a word of why. */
export function answerClientErrors(server: Server): void {
  const exchanges = new WeakMap<Duplex, { request: IncomingMessage; response: ServerResponse }>();
  const remember = (request: IncomingMessage, response: ServerResponse): void => {
    exchanges.set(request.socket, { request, response });
  };
  server.on("request", remember);
  server.on("checkContinue", remember);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const last = exchanges.get(socket);
    // An answer that is owed or half out belongs to an earlier request; nothing may come before or into it.
    const owed = last !== undefined && !last.response.writableFinished;
    const ours = !owed || (!last.request.complete && !last.response.headersSent);
    if (socket.writable && error.code !== "ECONNRESET" && ours) socket.end(goodbye(error.code ?? ""));
    else socket.destroy();
  });
}

function goodbye(code: string): string {
  const [status, reason, message] =
    code === "HPE_HEADER_OVERFLOW"
      ? [431, "Request Header Fields Too Large", "the headers are too large"]
      : code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? [408, "Request Timeout", "the request took too long to arrive"]
        : [400, "Bad Request", "this is not a request in HTTP/1.1; is it gRPC, or TLS?"];
  const body = new TextDecoder().decode(encodeStatus({ code: grpcCode.INVALID_ARGUMENT, message }, "json"));
  return (
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-type: ${contentTypes.json}\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

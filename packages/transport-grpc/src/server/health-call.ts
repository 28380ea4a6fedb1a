import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { ExportError } from "@otlpkit/core";
import { grpcCode, type Status, statusOf } from "@otlpkit/otlp/replies";
import type { Alarm } from "../alarms.ts";
import { framed, type MessageHead, messageReader, prefixBytes } from "../frame.ts";
import { decodeGrpcTimeout } from "../metadata.ts";
import type { CallContext } from "./call.ts";
import { deadlineExceeded, statusFields } from "./exchange.ts";
import { healthPaths, type HealthService, maxHealthRequestBytes } from "./health.ts";

/** Serves `grpc.health.v1` on the streams of a server. */
export interface HealthCalls {
  /** Takes the stream if it is one of these calls, and says whether it is. Never throws. */
  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean;
  /** Ends the calls that watch, because the server is about to go. */
  end(): void;
}

const goingAway: Status = { code: grpcCode.UNAVAILABLE, message: "the server is stopping" };

/** Health on `node:http2`. Whoever reaches the port may ask: orchestrators have no credentials, and learn a yes or no. */
export function healthCalls(
  service: HealthService,
  { alarms, compressors, options }: Pick<CallContext, "alarms" | "compressors" | "options">,
): HealthCalls {
  const open = new Set<(status: Status) => void>();

  function serve(stream: ServerHttp2Stream, method: "check" | "watch", headers: IncomingHttpHeaders): void {
    stream.on("error", () => {}); // "close" follows
    const reader = messageReader();
    const arrivedAt = performance.now();
    const deadline = arrivedAt + (decodeGrpcTimeout(headers["grpc-timeout"] as string | undefined) ?? Infinity);
    const alarm: Alarm = {
      dueAt: Math.min(deadline, arrivedAt + options.messageTimeoutMs),
      ring: () => finish(deadlineExceeded),
    };
    let head: MessageHead | undefined;
    let stopWatching: (() => void) | undefined;
    let over = false;
    alarms.add(alarm);
    open.add(finish);
    stream.on("close", end);
    stream.on("data", (chunk: Buffer) => {
      if (over) return;
      head = reader.push(chunk) ?? head;
      const tooLong = Math.max(head?.length ?? 0, reader.receivedBytes - prefixBytes) > maxHealthRequestBytes;
      if (tooLong)
        fail(new ExportError("too-large", `a HealthCheckRequest has at most ${maxHealthRequestBytes} bytes`));
    });
    stream.on("end", () => {
      alarm.dueAt = deadline;
      void answer().catch(fail);
    });

    async function answer(): Promise<void> {
      if (over || stream.closed) return;
      if (head === undefined || reader.receivedBytes !== prefixBytes + head.length) {
        throw new ExportError("invalid", "the request is not one whole message");
      }
      const compressor = head.compressed ? compressors.get(String(headers["grpc-encoding"])) : undefined;
      if (head.compressed && compressor === undefined) {
        throw new ExportError("unsupported", "unknown grpc-encoding; ask for health without one");
      }
      const message = reader.take();
      const request = await (compressor?.decompress(message, maxHealthRequestBytes) ?? message);
      if (over) return;
      if (method === "watch") {
        stopWatching = service.watch(request, say);
        return;
      }
      const response = service.check(request);
      if (response === undefined) return finish({ code: grpcCode.NOT_FOUND, message: "no such service here" });
      say(response);
      finish({ code: grpcCode.OK, message: "" });
    }

    function say(response: Uint8Array): void {
      if (over || stream.destroyed || stream.closed) return;
      if (!stream.headersSent) {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      }
      stream.write(framed(response, false));
    }

    function fail(error: unknown): void {
      finish(statusOf(ExportError.from(error)));
    }

    function finish(status: Status): void {
      if (over) return;
      end();
      if (stream.destroyed || stream.closed) return;
      if (stream.headersSent) {
        stream.on("wantTrailers", () => stream.sendTrailers({ ...statusFields(status) }));
        stream.end();
      } else {
        const fields = { ":status": 200, "content-type": "application/grpc", ...statusFields(status) };
        stream.respond(fields, { endStream: true });
        // The client need not send the rest (RFC 9113, 8.1); in the next turn, or the reset would overtake the answer.
        if (!stream.readableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
      }
    }

    function end(): void {
      over = true;
      open.delete(finish);
      alarms.remove(alarm);
      stopWatching?.();
    }
  }

  return {
    take(stream, headers) {
      const method = headers[":method"] === "POST" ? healthPaths[headers[":path"] ?? ""] : undefined;
      if (method !== undefined) serve(stream, method, headers);
      return method !== undefined;
    },
    end() {
      for (const finish of open) finish(goingAway);
    },
  };
}

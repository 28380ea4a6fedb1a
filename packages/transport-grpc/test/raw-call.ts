import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { type Signal, signals } from "@otlpkit/core";

/** A client by hand, to say what no decent client says. */
export interface RawClient {
  readonly session: ClientHttp2Session;
  /** Opens a call and leaves the rest to the test. */
  open(headers?: Record<string, string>): RawCall;
  close(): void;
}

export interface RawCall {
  readonly stream: ClientHttp2Stream;
  readonly answer: Promise<RawAnswer>;
}

export interface RawAnswer {
  /** Headers and trailers. */
  readonly fields: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly rstCode: number;
}

export function rawClient(address: string, signal: Signal = "traces"): RawClient {
  const session = connect(`http://${address}`);
  session.on("error", () => {});
  return {
    session,
    close: () => session.destroy(),
    open(headers = {}) {
      const stream = session.request({
        ":method": "POST",
        ":path": signals[signal].grpcPath,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      const answer = new Promise<RawAnswer>((resolve) => {
        let fields: IncomingHttpHeaders = {};
        const chunks: Buffer[] = [];
        stream.on("response", (received) => {
          fields = received;
        });
        stream.on("trailers", (received) => {
          fields = { ...fields, ...received };
        });
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("error", () => {});
        stream.on("close", () => resolve({ fields, body: Buffer.concat(chunks), rstCode: stream.rstCode ?? 0 }));
      });
      return { stream, answer };
    },
  };
}

/** A gRPC frame; `length` may lie. */
export function frame(message: Uint8Array, flags = 0, length: number = message.byteLength): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

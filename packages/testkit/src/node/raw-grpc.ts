import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { frame } from "./frame.ts";
import { deferred } from "./raw-http.ts";

/** One call; nothing is added but what gRPC itself needs. */
export interface RawGrpcCall {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The message, without its frame. */
  readonly message?: Uint8Array;
  /** `grpc-encoding`; the message is expected to be compressed with it. Default: none. */
  readonly encoding?: string;
  /** Verbatim instead of a framed message. */
  readonly frame?: Uint8Array;
}

export interface RawGrpcAnswer {
  readonly httpStatus: number;
  /** `grpc-status`; -1 when there was none. */
  readonly status: number;
  readonly message: string;
  /** `grpc-status-details-bin`, decoded. */
  readonly details: Uint8Array | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Headers and trailers together. */
  readonly metadata: IncomingHttpHeaders;
  /** The response message without its frame; undefined when there was none. */
  readonly body: Uint8Array | undefined;
}

/** A connection to make calls over. */
export interface RawGrpc {
  readonly url: string;
  readonly session: ClientHttp2Session;
  call(ask: RawGrpcCall): Promise<RawGrpcAnswer>;
  close(): Promise<void>;
}

/** A gRPC client by hand: one HTTP/2 connection, no retry, no interpretation. */
export function rawGrpc(url: string, tls: { ca?: string; cert?: string; key?: string } = {}): RawGrpc {
  const session = connect(url, tls);
  session.on("error", () => {
    // The calls under way report it.
  });
  return {
    url,
    session,
    call(ask) {
      const { promise, resolve, reject } = deferred<RawGrpcAnswer>();
      const stream = session.request({
        ":method": "POST",
        ":path": ask.path,
        "content-type": "application/grpc",
        te: "trailers",
        ...(ask.encoding === undefined ? {} : { "grpc-encoding": ask.encoding }),
        ...ask.headers,
      });
      let headers: IncomingHttpHeaders = {};
      let trailers: IncomingHttpHeaders = {};
      const chunks: Buffer[] = [];
      stream.on("response", (received) => (headers = received));
      stream.on("trailers", (received) => (trailers = received));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", reject);
      stream.on("close", () => {
        const metadata = { ...headers, ...trailers };
        const body = new Uint8Array(Buffer.concat(chunks));
        const details = metadata["grpc-status-details-bin"];
        resolve({
          httpStatus: Number(headers[":status"] ?? 0),
          status: Number(metadata["grpc-status"] ?? -1),
          message: decodeURIComponent(String(metadata["grpc-message"] ?? "")),
          details: details === undefined ? undefined : new Uint8Array(Buffer.from(String(details), "base64")),
          headers,
          metadata,
          body: body.length < 5 ? undefined : body.subarray(5),
        });
      });
      stream.end(ask.frame ?? frame(ask.message ?? new Uint8Array(), ask.encoding === undefined ? 0 : 1));
      return promise;
    },
    close: () =>
      new Promise((resolve) => {
        if (session.destroyed) return resolve();
        session.once("close", resolve);
        session.destroy();
      }),
  };
}

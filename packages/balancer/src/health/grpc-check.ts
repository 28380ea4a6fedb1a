import type { ClientHttp2Session, IncomingHttpHeaders, SecureClientSessionOptions } from "node:http2";
import type { NetConnectOpts } from "node:net";
import { type CheckAddress, checkAddress, type CheckTls } from "./check-address.ts";
import type { HealthCheck } from "./health-check.ts";

/** Options of {@link grpcCheck}. */
export interface GrpcCheckOptions {
  /** The service asked for. Default "": the server as a whole. */
  readonly service?: string;
  /** Another port than the endpoint's. */
  readonly port?: number;
  readonly tls?: CheckTls;
}

/**
 * Asks `grpc.health.v1.Health/Check` over a connection of its own. Well is who answers SERVING, and who does not know
 * that service (UNIMPLEMENTED), since it has shown that it answers gRPC.
 */
export function grpcCheck({ service = "", port, tls = {} }: GrpcCheckOptions = {}): HealthCheck {
  const request = frame(service);
  return {
    name: "grpc.health.v1",
    async check(endpoint, signal) {
      const address = checkAddress(endpoint, port);
      const session = open(address, tls);
      const onAbort = (): void => session.destroy(signal.reason as Error);
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        judge(await call(session, address, request), service);
      } finally {
        signal.removeEventListener("abort", onAbort);
        session.destroy();
      }
    },
  };
}

function open({ tls, hostname, port, socketPath }: CheckAddress, secure: CheckTls): ClientHttp2Session {
  const http2 = process.getBuiltinModule("node:http2");
  const net = process.getBuiltinModule("node:net");
  const options: SecureClientSessionOptions = { ...secure };
  if (socketPath !== undefined) {
    const way: NetConnectOpts = { path: socketPath };
    options.createConnection = () => net.connect(way);
  }
  const session = http2.connect(`${tls ? "https" : "http"}://${hostname}:${port || 80}`, options);
  session.unref();
  return session;
}

interface Answer {
  readonly httpStatus: number;
  readonly grpcStatus: string | undefined;
  readonly message: string | undefined;
  readonly body: Uint8Array;
}

function call(session: ClientHttp2Session, { tls, hostname, port }: CheckAddress, body: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":scheme": tls ? "https" : "http",
      ":authority": `${hostname}:${port}`,
      ":path": "/grpc.health.v1.Health/Check",
      te: "trailers",
      "content-type": "application/grpc",
    });
    let httpStatus = 0;
    let grpcStatus: string | undefined;
    let message: string | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    const read = (headers: IncomingHttpHeaders): void => {
      grpcStatus = headers["grpc-status"]?.toString() ?? grpcStatus;
      message = headers["grpc-message"]?.toString() ?? message;
    };
    stream.on("response", (headers) => {
      httpStatus = headers[":status"] ?? 0;
      read(headers);
    });
    stream.on("trailers", read);
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      // An answer has seven bytes.
      if (bytes > 1024) stream.destroy(new Error("the answer is too large to be one of grpc.health.v1"));
      else chunks.push(chunk);
    });
    stream.on("error", reject);
    stream.on("close", () => {
      if (httpStatus === 0) reject(new Error("the connection was closed before the answer"));
      else resolve({ httpStatus, grpcStatus, message, body: Buffer.concat(chunks) });
    });
    stream.end(body);
  });
}

const unimplemented = "12";

function judge({ httpStatus, grpcStatus, message, body }: Answer, service: string): void {
  if (grpcStatus === unimplemented) return;
  const asked = service === "" ? "the server" : `service "${service}"`;
  if (httpStatus !== 200) throw new Error(`grpc.health.v1 is answered with HTTP status ${httpStatus}`);
  if (grpcStatus !== "0")
    throw new Error(`grpc.health.v1 fails with gRPC status ${grpcStatus ?? "none"} ${message ?? ""}`);
  const status = servingStatus(body);
  if (status !== 1) throw new Error(`grpc.health.v1 says that ${asked} is ${statusNames[status] ?? status}`);
}

const statusNames: Readonly<Record<number, string>> = { 0: "UNKNOWN", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN" };

/** The `HealthCheckRequest`, `service` being field 1, as a gRPC message. */
function frame(service: string): Uint8Array {
  const text = new TextEncoder().encode(service);
  if (text.length > 127) throw new RangeError("grpcCheck: the name of the service may have 127 bytes");
  const message = text.length === 0 ? [] : [0x0a, text.length, ...text];
  return Uint8Array.from([0, 0, 0, 0, message.length, ...message]);
}

/** Field 1 of the `HealthCheckResponse`, behind the five bytes of the frame. */
function servingStatus(body: Uint8Array): number {
  return body.length >= 7 && body[5] === 0x08 ? (body[6] as number) : 0;
}

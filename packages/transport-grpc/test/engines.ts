import type { Receiver, Transport } from "@otlpkit/core";
import { grpcJsReceiver, grpcJsTransport } from "@otlpkit/transport-grpc/grpc-js";
import { grpcReceiver, type GrpcReceiverOptions } from "@otlpkit/transport-grpc/server";
import { grpcTransport, type GrpcTransportOptions } from "@otlpkit/transport-grpc";

/** Both engines, for tests that hold them to the same behaviour. */
export interface Engine {
  readonly name: string;
  transport(options?: GrpcTransportOptions): Transport;
  receiver(options?: GrpcReceiverOptions): Receiver;
}

export const http2Engine: Engine = { name: "node:http2", transport: grpcTransport, receiver: grpcReceiver };
const grpcJsEngine: Engine = { name: "grpc-js", transport: grpcJsTransport, receiver: grpcJsReceiver };
export const engines: readonly Engine[] = [http2Engine, grpcJsEngine];

export { grpcJsTransport } from "./transport.ts";
export { grpcJsReceiver } from "./receiver.ts";
export type { ClientTls, GrpcTransportOptions } from "../options.ts";
export type { GrpcReceiverOptions, Refusal, ServerTls } from "../server/options.ts";
export type { ServingStatus } from "../server/health.ts";

export { grpcReceiver } from "./receiver.ts";
export type { GrpcReceiverOptions, Refusal, ServerTls } from "./options.ts";
export type { AgreedTls } from "../tls.ts";
export type { ServingStatus } from "./health.ts";

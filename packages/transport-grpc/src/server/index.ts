export { grpcReceiver } from "./receiver.ts";
export type { GrpcReceiverOptions, Refusal, ServerTls } from "./options.ts";

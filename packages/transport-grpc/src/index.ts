export { grpcTransport } from "./transport.ts";
export type { ClientTls, GrpcTransportOptions } from "./options.ts";

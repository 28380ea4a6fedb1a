export { grpcTransport } from "./transport.ts";
export type { AgreedTls } from "./tls.ts";
export type { ClientTls, GrpcTransportOptions } from "./options.ts";

export { httpTransport, type HttpTransportOptions } from "./http-transport.ts";
export type { AgreedTls, TlsOptions } from "./tls.ts";
export type { SignalPaths } from "./request-url.ts";

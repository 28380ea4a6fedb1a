export { httpReceiver, type HttpReceiverOptions, type ServerTlsOptions } from "./http-receiver.ts";
export { httpHandler, type HttpHandlerOptions, type HttpRefusal } from "./http-handler.ts";
export type { CorsOptions } from "./cors.ts";
export type { AgreedTls } from "../tls.ts";
export type { SignalPaths } from "../request-url.ts";

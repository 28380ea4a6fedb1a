export { fetchTransport, type FetchTransportOptions } from "./fetch-transport.ts";
export type { SignalPaths } from "../request-url.ts";

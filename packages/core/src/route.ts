import type { Sender } from "./sender.ts";
import type { Transport } from "./transport.ts";

/**
 * The stairs between the upper floor, which knows no endpoint, and the lower, which knows one: makes one sender of a way
 * to reach an endpoint, by choosing among endpoints for each batch. What it connects to is its own to close.
 *
 * ```ts
 * const fixed: Route = (transport) => transport.connect({ url: "http://collector:4318" });
 * ```
 */
export type Route = (transport: Transport) => Sender;

import type { Transport } from "@otlpkit/core";
import { lazySender } from "../lazy-sender.ts";

/** A transport whose code is loaded when something is sent, since most programs need one of several. */
export function lazyTransport(name: string, load: () => Promise<Transport>): Transport {
  return { name, connect: (endpoint) => lazySender(async () => (await load()).connect(endpoint)) };
}

import { ExportError } from "@otlpkit/core";
import { reachable, shownEndpoint } from "./endpoint.ts";
import { headerProblem } from "./headers.ts";
import type { SignalSettings } from "./settings.ts";

/**
 * Refuses settings that the transports of Node cannot use: what they would find out when they first send, a program should
 * hear while it starts. Browsers do without, as the one transport there looks at all that it has when it is made.
 *
 * @throws ExportError for an endpoint or a header, RangeError for a proxy.
 */
export function requireUsable({ headers, protocol, proxy, url }: SignalSettings): void {
  if (!reachable(protocol, url)) {
    const hint = protocol === "grpc" ? "host:port, http://host:port" : "http://host:port";
    const problem = `${protocol} cannot reach the endpoint ${shownEndpoint(url)}`;
    throw new ExportError("unsupported", `${problem}; use ${hint} or https://host:port`);
  }
  for (const [name, value] of Object.entries(headers)) {
    const problem = headerProblem(name, value);
    if (problem !== undefined) throw new ExportError("rejected", `cannot send headers: ${problem}`);
  }
  if (proxy !== undefined && !(/^https?:\/\//i.test(proxy) && URL.canParse(proxy))) {
    // It may hold a password, so it is not shown.
    throw new RangeError("proxy must be the address of an HTTP proxy, like http://proxy:3128, or false");
  }
}

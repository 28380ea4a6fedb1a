import type { Protocol } from "../options.ts";

/** Whether a protocol can reach an endpoint of this form. */
export function reachable(protocol: Protocol, endpoint: string): boolean {
  if (/^https?:\/\//i.test(endpoint)) return URL.canParse(endpoint);
  if (/^unix:./i.test(endpoint)) return true;
  // Whatever gRPC libraries take: host:port, dns:///host:port and their like.
  return protocol === "grpc" && /^(?:dns:.|ipv[46]:.|[^\s/?#@]+$)/i.test(endpoint);
}

/** For people: without a user, who may have a password, and a query, which may hold a key. */
export function shownEndpoint(endpoint: string): string {
  return `"${endpoint.replace(/\/\/[^/?#]*@/, "//").replace(/[?#].*$/, "")}"`;
}

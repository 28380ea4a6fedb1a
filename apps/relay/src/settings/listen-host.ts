import { networkInterfaces } from "node:os";

/**
 * The host to listen on. "localhost" is 127.0.0.1, where senders look first; nothing means every address, of IPv6 as
 * well where the machine has it.
 */
export function listenHost(host: string): string {
  if (host === "localhost") return "127.0.0.1";
  if (host !== "") return host;
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some((a) => a.family === "IPv6"));
  return hasIpv6 ? "::" : "0.0.0.0";
}

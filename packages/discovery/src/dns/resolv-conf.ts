import type { Server } from "./exchange.ts";

/** What `/etc/resolv.conf` says. */
export interface ResolvConf {
  readonly servers: readonly Server[];
  /** Domains in which a short name is looked for. */
  readonly search: readonly string[];
  /** A name with so many dots is first taken for a whole one. */
  readonly ndots: number;
  readonly timeoutMs: number | undefined;
  readonly attempts: number | undefined;
}

/** Reads the text of a resolv.conf. What is not known is passed over, as the system does. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: Server[] = [];
  let search: readonly string[] = [];
  const options = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    const [first = ""] = words;
    if (keyword === "nameserver" && first !== "") servers.push({ host: first.replace(/%.*$/, ""), port: 53 });
    if (keyword === "domain" && first !== "") search = [first];
    if (keyword === "search") search = words;
    if (keyword !== "options") continue;
    for (const word of words) {
      const [, name, value] = /^(\w+):(\d{1,4})$/.exec(word) ?? [];
      if (name !== undefined) options.set(name, Number(value));
    }
  }
  const timeout = options.get("timeout");
  return {
    servers: servers.length === 0 ? [{ host: "127.0.0.1", port: 53 }] : servers,
    search: search.filter((domain) => domain !== "."),
    ndots: Math.min(options.get("ndots") ?? 1, 15),
    timeoutMs: timeout === undefined ? undefined : Math.max(1, timeout) * 1000,
    attempts: options.get("attempts"),
  };
}

/** The whole names that a name may stand for, in the order in which they are tried. */
export function candidates(name: string, { search, ndots }: Pick<ResolvConf, "search" | "ndots">): readonly string[] {
  const whole = name.replace(/\.$/, "");
  if (name.endsWith(".")) return [whole];
  const inDomains = search.map((domain) => `${whole}.${domain.replace(/\.$/, "")}`);
  const dots = whole.split(".").length - 1;
  return dots >= ndots ? [whole, ...inDomains] : [...inDomains, whole];
}

/** `10.0.0.53`, `10.0.0.53:5353`, `fd00::53`, `[fd00::53]:5353`. */
export function parseServer(text: string): Server {
  const { isIP, isIPv6 } = process.getBuiltinModule("node:net");
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = isIPv6(text) ? text : (bracketed ?? plain ?? "");
  if (isIP(host) === 0) {
    throw new TypeError(
      `dnsRegistry: a DNS server must be an address such as 10.0.0.53 or [fd00::53]:5353, not ${text}`,
    );
  }
  return { host, port: port === undefined || isIPv6(text) ? 53 : Number(port) };
}

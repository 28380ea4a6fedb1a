/**
 * Reads `NO_PROXY`: a list, with commas or white space, of what is reached directly.
 *
 * | entry | holds for |
 * |---|---|
 * | `*` | everything |
 * | `example.com`, `.example.com`, `*.example.com` | that host and those below it |
 * | `10.1.2.3`, `::1`, `[::1]` | that address |
 * | `10.0.0.0/8`, `fd00::/8` | addresses in that range, as far as the endpoint names an address |
 *
 * Each but `*` and ranges may end in `:port`, and then holds for that port only. Our own machine always counts as in the
 * list. `refuse` is told of a range that is none.
 */
export function bypass(list: string, refuse: (why: string) => void): (url: URL) => boolean {
  const rules = list.split(/[\s,]+/).flatMap((entry) => (entry === "" ? [] : [ruleOf(entry, refuse)]));
  return (url) => {
    const host = bare(url.hostname);
    const port = url.port === "" ? { "http:": "80", "https:": "443" }[url.protocol] : url.port;
    return isOurs(host) || rules.some((rule) => rule(host, port));
  };
}

type Rule = (host: string, port: string | undefined) => boolean;

function ruleOf(entry: string, refuse: (why: string) => void): Rule {
  if (entry === "*") return () => true;
  if (entry.includes("/")) return rangeRule(entry, refuse);
  // What does not fit is an IPv6 address without brackets, and so without a port.
  const [, host = `[${entry}]`, port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(entry) ?? [];
  const name = canonical(host.replace(/^\*?\./, ""));
  return (host, hostPort) => (host === name || host.endsWith(`.${name}`)) && (port === undefined || port === hostPort);
}

function rangeRule(entry: string, refuse: (why: string) => void): Rule {
  // Loaded only here, as most programs name no range.
  const { BlockList, isIP } = process.getBuiltinModule("node:net");
  const family = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");
  const [, address = "", bits = "none"] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
  const range = new BlockList();
  try {
    range.addSubnet(address, Number(bits), family(address));
  } catch {
    refuse(`has the entry "${entry}", which is not a range of addresses`);
    return () => false;
  }
  return (host) => isIP(host) > 0 && range.check(host, family(host));
}

/** One way to write each host, which is that of URLs. */
function canonical(host: string): string {
  return URL.canParse(`http://${host}`) ? bare(new URL(`http://${host}`).hostname) : host.toLowerCase();
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$|\.$/g, "");
}

function isOurs(host: string): boolean {
  return /^(?:(?:.*\.)?localhost|127(?:\.\d+){3}|0\.0\.0\.0|::1?)$/.test(host);
}

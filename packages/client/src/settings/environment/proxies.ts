import { bypass } from "./no-proxy.ts";
import type { Variables } from "./variables.ts";

/**
 * The proxy that the environment names for an endpoint, as curl and Node read it: `https_proxy` for TLS, `http_proxy` for
 * plain connections, in lower or upper case (lower wins), unless the host is in `no_proxy`.
 *
 * Unlike theirs, and like Go's, our own machine is never reached through a proxy: what listens on the proxy's loopback is
 * not our collector. `proxy` in the options knows no exceptions.
 */
export function proxies(variables: Variables): (endpoint: string, insecure: boolean) => string | undefined {
  const proxyOf = { "https:": proxyIn(variables, "https_proxy"), "http:": proxyIn(variables, "http_proxy") };
  const exceptions = setOne(variables, "no_proxy");
  const bypassed = bypass(variables.text(exceptions) ?? "", (why) => variables.warn(`${exceptions} ${why}`));
  return (endpoint, insecure) => {
    const url = urlOf(endpoint, insecure);
    if (url === undefined || bypassed(url)) return undefined;
    return proxyOf[url.protocol as keyof typeof proxyOf];
  };
}

function proxyIn(variables: Variables, lower: string): string | undefined {
  const variable = setOne(variables, lower);
  const text = variables.text(variable);
  if (text === undefined) return undefined;
  // Under CGI this variable is what a visitor sent as the header "Proxy", and not a setting.
  if (variable === "HTTP_PROXY" && variables.text("REQUEST_METHOD") !== undefined) return undefined;
  const proxy = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (/^https?:/i.test(proxy) && URL.canParse(proxy)) return proxy;
  // It may hold a password, so it is not shown.
  variables.warn(`${variable} is not the address of an HTTP proxy, like http://proxy:3128; it is ignored`);
  return undefined;
}

/** The one in lower case, unless only the one in upper case is set. */
function setOne(variables: Variables, lower: string): string {
  return variables.text(lower) === undefined ? lower.toUpperCase() : lower;
}

/** An endpoint as a URL, if it is one that a proxy can reach. `host:port` is a form of gRPC. */
function urlOf(endpoint: string, insecure: boolean): URL | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d+$)/i.exec(endpoint)?.[1]?.toLowerCase();
  const text = scheme === undefined ? `${insecure ? "http" : "https"}://${endpoint}` : endpoint;
  return /^https?:/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

/** What is looked up. */
export type Target =
  | { readonly kind: "addresses"; readonly name: string; readonly port: number }
  | { readonly kind: "services"; readonly name: string };

/**
 * `dns:///host:port` as gRPC writes it, `host:port`, `host` (port 4317), or the name of a service with its SRV records:
 * `_otlp._tcp.example`.
 *
 * @throws TypeError when it is none of these.
 */
export function targetOf(text: string): Target {
  const name = text.replace(/^dns:(?:\/\/)?\/?/i, "");
  if (/^_[^.]+\._(?:tcp|udp)\./i.test(name)) {
    if (!/^[\w.-]+$/.test(name)) throw invalid(text);
    return { kind: "services", name };
  }
  const [, bracketed, plain, port = "4317"] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(name) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) throw invalid(text);
  return { kind: "addresses", name: host, port: Number(port) };
}

function invalid(text: string): TypeError {
  return new TypeError(
    `dnsRegistry: the target must be host:port, dns:///host:port or a service such as _otlp._tcp.example, not ${text}`,
  );
}

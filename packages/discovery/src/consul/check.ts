/** How Consul finds out whether a registered instance is well. */
export type ConsulCheck =
  | {
      /** We say so ourselves, three times in each span: works wherever the agent is. The default, with 15,000. */
      readonly kind: "ttl";
      /** Without a sign of life for so long, the instance is critical. */
      readonly ttlMs?: number;
    }
  | ({
      /** The agent asks a URL. */
      readonly kind: "http";
      readonly url: string;
      /** Headers of the question: `{ Authorization: ["Bearer ..."] }`. */
      readonly headers?: Readonly<Record<string, readonly string[]>>;
    } & AgentCheck)
  | ({
      /** The agent asks `grpc.health.v1.Health` at the instance's own host and port. */
      readonly kind: "grpc";
      /** The service that is asked for. Default: the server as a whole. */
      readonly service?: string;
    } & AgentCheck);

/** How an agent asks. */
export interface AgentCheck {
  /** Default 10,000. */
  readonly intervalMs?: number;
  /** Default 5,000. */
  readonly timeoutMs?: number;
  /** The name that our certificate is for, when it is not the host that is asked. */
  readonly tlsServerName?: string;
  /** The agent takes any certificate. Default false. */
  readonly insecureSkipVerify?: boolean;
  /** So many good answers in a row before we count as well. Default 0, the first. */
  readonly successesBeforePassing?: number;
  /** So many bad ones before we count as ill. Default 0, the first. */
  readonly failuresBeforeCritical?: number;
}

/** As the agent takes it, for an instance at `place`. */
export function checkBody(
  check: ConsulCheck,
  checkId: string,
  place: { readonly host: string; readonly port: number; readonly secure: boolean },
  draining: boolean,
): Record<string, unknown> {
  const common = {
    CheckID: checkId,
    Name: `otlpkit ${check.kind}`,
    // Without it an instance is critical until the first sign of life. One that drains must not be taken for one that stays.
    Status: draining ? "critical" : "passing",
  };
  if (check.kind === "ttl") return { ...common, TTL: `${ttlMs(check)}ms` };
  const asked = {
    Interval: `${check.intervalMs ?? 10_000}ms`,
    Timeout: `${check.timeoutMs ?? 5_000}ms`,
    TLSSkipVerify: check.insecureSkipVerify === true,
    SuccessBeforePassing: check.successesBeforePassing ?? 0,
    FailuresBeforeCritical: check.failuresBeforeCritical ?? 0,
    ...(check.tlsServerName === undefined ? {} : { TLSServerName: check.tlsServerName }),
  };
  if (check.kind === "http")
    return { ...common, ...asked, HTTP: check.url, ...(check.headers === undefined ? {} : { Header: check.headers }) };
  const host = place.host.includes(":") ? `[${place.host}]` : place.host;
  const service = check.service === undefined ? "" : `/${check.service}`;
  return { ...common, ...asked, GRPC: `${host}:${place.port}${service}`, GRPCUseTLS: place.secure };
}

export function ttlMs(check: Extract<ConsulCheck, { readonly kind: "ttl" }>): number {
  return check.ttlMs ?? 15_000;
}

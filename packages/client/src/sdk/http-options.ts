import type { CredentialProvider } from "@otlpkit/core";
import type { ClientOptions } from "../options.ts";
import { connectionOfAgent, type HttpAgentFactory, tlsOfAgent } from "./agent.ts";
import { warn } from "./diagnostics.ts";
import { clientOptions, type OTLPExporterConfigBase } from "./exporter-options.ts";
import { withLateConnection } from "./late-connection.ts";
import type { ExportedSignal } from "./one-signal.ts";

/** Options of the exporters over HTTP: those of the official ones and ours. */
export interface OTLPExporterNodeConfigBase extends OTLPExporterConfigBase {
  /** Where to send, taken as it stands: no path is added. In a page it may be relative. */
  readonly url?: string | undefined;
  /** Sent with each request, or a function that is asked for them at each attempt. */
  readonly headers?: Headers | (() => Headers | Promise<Headers>) | undefined;
  /**
   * Options of an agent of `node:http` or `node:https`, or what makes one. Its certificates are used, and its proxy where it names one (`proxy`, as
   * `https-proxy-agent` has); the agent itself is not.
   */
  readonly httpAgentOptions?: object | HttpAgentFactory | undefined;
  /** Of ours, over `headers`: asked at each attempt, and again when the far side refuses them. */
  readonly credentials?: CredentialProvider | undefined;
  /** Connections are always kept. */
  readonly keepAlive?: boolean | undefined;
}

type Headers = Readonly<Record<string, string | number | undefined>>;

/** The options of an official exporter over HTTP as those of a client. */
export function httpOptions(
  signal: ExportedSignal,
  protocol: "http/protobuf" | "http/json",
  config: OTLPExporterNodeConfigBase = {},
): ClientOptions {
  const { headers, httpAgentOptions: agent, keepAlive: _always, url, credentials, ...rest } = config;
  const tls = typeof agent === "object" ? tlsOfAgent(agent, warn) : undefined;
  const options: ClientOptions = {
    ...clientOptions(signal, protocol, url === undefined ? rest : { ...rest, url: absolute(url) }),
    ...(tls === undefined ? {} : { tls: { ...tls, ...rest.tls } }),
    ...(typeof headers === "object" ? { headers: texts(headers) } : {}),
    ...(credentials === undefined ? {} : { credentials }),
    ...(typeof headers === "function" ? asking(headers, credentials) : {}),
  };
  if (typeof agent !== "function") return options;
  return withLateConnection(signal, options, async (scheme) => connectionOfAgent(await agent(scheme), warn));
}

/** Headers of a function go where those of an object would, in clear as well. */
function asking(
  headers: () => Headers | Promise<Headers>,
  credentials: CredentialProvider | undefined,
): Pick<ClientOptions, "credentials" | "allowCleartext"> {
  const provider: CredentialProvider = {
    ...credentials,
    headers: async (...words) => ({ ...texts(await headers()), ...(await credentials?.headers(...words)) }),
  };
  return { credentials: provider, allowCleartext: true };
}

/** A page may name a place below itself. */
function absolute(url: string): string {
  const page = (globalThis as { location?: { readonly href: string } }).location?.href;
  return page === undefined || URL.canParse(url) || !URL.canParse(url, page) ? url : new URL(url, page).href;
}

/** Programs give numbers and what they have not got, too. */
function texts(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

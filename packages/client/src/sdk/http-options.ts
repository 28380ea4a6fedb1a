import type { ClientOptions } from "../options.ts";
import { connectionOfAgent, type HttpAgentFactory, tlsOfAgent } from "./agent.ts";
import { warn } from "./diagnostics.ts";
import { clientOptions, type OTLPExporterConfigBase } from "./exporter-options.ts";
import { withLateSettings } from "./late-settings.ts";
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
  const { headers, httpAgentOptions: agent, keepAlive: _always, url, ...rest } = config;
  const tls = typeof agent === "object" ? tlsOfAgent(agent, warn) : undefined;
  const options: ClientOptions = {
    ...clientOptions(signal, protocol, url === undefined ? rest : { ...rest, url: absolute(url) }),
    ...(tls === undefined ? {} : { tls: { ...tls, ...rest.tls } }),
    ...(typeof headers === "object" ? { headers: texts(headers) } : {}),
  };
  return withLateSettings(signal, options, {
    ...(typeof headers === "function" ? { headers: async () => texts(await headers()) } : {}),
    ...(typeof agent === "function"
      ? { connection: async (scheme) => connectionOfAgent(await agent(scheme), warn) }
      : {}),
  });
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

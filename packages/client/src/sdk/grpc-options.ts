import type { CredentialProvider } from "@otlpkit/core";
import type { ClientOptions } from "../options.ts";
import { type ChannelCredentials, headersOf, type Metadata, readCredentials } from "./channel-credentials.ts";
import { clientOptions, type OTLPExporterConfigBase } from "./exporter-options.ts";
import type { ExportedSignal } from "./one-signal.ts";
import { settled } from "./settled.ts";

/** Options of the exporters over gRPC: those of the official ones and ours. */
export interface OTLPGRPCExporterConfigNode extends OTLPExporterConfigBase {
  /** Where to send: `http://host:port`, `https://host:port`, `host:port`, `dns:///host:port`, `unix:///path`. */
  readonly url?: string | undefined;
  /** Sent with each call; of `@grpc/grpc-js`. Read when the exporter is made. */
  readonly metadata?: Metadata | undefined;
  /** Sent with each call, over `metadata`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Channel credentials of `@grpc/grpc-js`: whether to use TLS, and what is to be asked for at each call. They beat the
   * scheme of the endpoint. Certificates cannot be read back from them, so those go into `tls`. Or a provider of ours.
   */
  readonly credentials?: ChannelCredentials | CredentialProvider | undefined;
}

/** The options of an official exporter over gRPC as those of a client. */
export function grpcOptions(signal: ExportedSignal, config: OTLPGRPCExporterConfigNode = {}): ClientOptions {
  const { credentials, metadata, headers, ...rest } = config;
  const sent = { ...(metadata === undefined ? {} : headersOf(metadata)), ...headers };
  const options: ClientOptions = { ...clientOptions(signal, "grpc", rest), headers: sent };
  if (credentials === undefined) return options;
  if ("headers" in credentials) return { ...options, credentials };

  const { secure, tls, headers: ofCall } = readCredentials(credentials);
  const { url } = settled(signal, options, () => {});
  return {
    ...options,
    ...(tls === undefined ? {} : { tls: { ...tls, ...options.tls } }),
    ...(ofCall === undefined ? {} : { credentials: { headers: (endpoint) => ofCall(endpoint.url) } }),
    insecure: !secure,
    [signal]: { ...options[signal], endpoint: url.replace(/^https?:\/\//i, secure ? "https://" : "http://") },
  };
}

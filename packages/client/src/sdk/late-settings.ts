import { authenticate, type Endpoint, pipe, type Transport } from "@otlpkit/core";
import { platform } from "#platform";
import type { ClientOptions, TlsSettings } from "../options.ts";
import { lazyTransport } from "../platform/lazy-transport.ts";
import { warner } from "../warner.ts";
import type { ExportedSignal } from "./one-signal.ts";
import { settled } from "./settled.ts";

/** What is asked for only when there is something to send. */
export interface LateSettings {
  /** Headers of one attempt, over all others. They may travel in clear, as those of an option may. */
  readonly headers?: (endpoint: Endpoint) => Promise<Readonly<Record<string, string>>>;
  /** Certificates and proxy, asked once; `scheme` is "http:" or "https:". */
  readonly connection?: (scheme: string) => Promise<{ readonly tls?: TlsSettings; readonly proxy?: string }>;
}

/** Options for a client whose transport asks for these settings when it needs them. */
export function withLateSettings(signal: ExportedSignal, options: ClientOptions, late: LateSettings): ClientOptions {
  const { headers, connection } = late;
  if (headers === undefined && connection === undefined) return options;
  const onWarning = warner(options.onWarning);
  const settings = settled(signal, options, onWarning);
  const transport =
    connection === undefined
      ? platform.transport(settings, onWarning)
      : lazyTransport(settings.protocol, async () => {
          const found = await connection(new URL(settings.url).protocol);
          return platform.transport({ ...settings, ...found }, onWarning);
        });
  return {
    ...options,
    onWarning,
    transport: headers === undefined ? transport : withHeaders(transport, headers),
    // Where it goes has been settled, and the transport knows which path to add.
    [signal]: { ...options[signal], endpoint: settings.url },
  };
}

function withHeaders(transport: Transport, headers: NonNullable<LateSettings["headers"]>): Transport {
  const connect = (endpoint: Endpoint): ReturnType<Transport["connect"]> =>
    pipe(authenticate({ headers }, endpoint, { allowCleartext: true }), transport.connect(endpoint));
  return { name: transport.name, connect };
}

import { byteBudget } from "@otlpkit/core";
import { platform } from "#platform";
import type { ClientOptions, TlsSettings } from "../options.ts";
import { lazyTransport } from "../platform/lazy-transport.ts";
import { warner } from "../warner.ts";
import type { ExportedSignal } from "./one-signal.ts";
import { settled } from "./settled.ts";

/** What is known of a connection only when there is something to send. */
export interface LateConnection {
  readonly tls?: TlsSettings;
  readonly proxy?: string;
}

/** Options for a client that asks for certificates and proxy when it first sends; `scheme` is "http:" or "https:". */
export function withLateConnection(
  signal: ExportedSignal,
  options: ClientOptions,
  ask: (scheme: string) => Promise<LateConnection>,
): ClientOptions {
  const onWarning = warner(options.onWarning);
  const settings = settled(signal, options, onWarning);
  return {
    ...options,
    onWarning,
    transport: lazyTransport(settings.protocol, async () => {
      const found = await ask(new URL(settings.url).protocol);
      return platform.transport({ ...settings, ...found }, { onWarning, leaving: byteBudget(0) });
    }),
    // Where it goes has been settled, and the transport knows which path to add.
    [signal]: { ...options[signal], endpoint: settings.url },
  };
}

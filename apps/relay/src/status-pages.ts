import { type Health, type Log, type Metrics, serveStatus } from "@otlpkit/telemetry";
import type { RelayConfiguration } from "./language.ts";
import { naming } from "./naming.ts";
import { listenHost } from "./settings/listen-host.ts";

/** Where health and metrics are served when nobody says otherwise. */
const usualEndpoint = { host: "127.0.0.1", port: 8080 };

/** What is shown. */
export interface Shown {
  readonly health: Health;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly version: string;
  /** What `/status` says besides. */
  readonly details: () => Readonly<Record<string, unknown>>;
}

/**
 * Serves health and metrics where the configuration says. The usual place was chosen by nobody, so when it is taken the
 * relay goes on without.
 *
 * @throws ExportError when a place that was chosen cannot be had
 */
export async function serveStatusPages(
  { status: own, telemetry }: RelayConfiguration["service"],
  { health, log, metrics, version, details }: Shown,
): Promise<{ readonly urls: readonly string[]; close(): Promise<void> }> {
  const { address, level } = telemetry.metrics;
  const places = [
    ...(own.enabled ? [{ key: "service.status.endpoint", at: own.endpoint ?? usualEndpoint }] : []),
    ...(address === undefined || level === "none" ? [] : [{ key: "service.telemetry.metrics.address", at: address }]),
  ];
  const servers: { readonly address: string; close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.close())));
  const about = { name: "otlpkit relay", version };
  for (const { key, at } of places) {
    const options = { host: listenHost(at.host), port: at.port, health, metrics, about, details };
    try {
      servers.push(await naming(key, () => serveStatus(options)));
    } catch (error) {
      if (at !== usualEndpoint) {
        await close();
        throw error;
      }
      log.warn("health and metrics are not served; name a free place in service.status.endpoint", { error });
    }
  }
  return { urls: servers.map((server) => `http://${server.address}`), close };
}

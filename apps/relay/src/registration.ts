import { hostname } from "node:os";
import { ExportError, type Registered } from "@otlpkit/core";
import type { Log, Metrics } from "@otlpkit/telemetry";
import { registrarOf, type RegistrationConfig } from "./settings/discovery.ts";

/** A registration that stands, or is tried until it does. */
export interface RelayRegistration {
  /** Says that the relay is about to go, so that nothing new comes. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Tells others where the relay is. A registry that cannot be reached does not hold up the start: it is tried again until
 * it can.
 */
export async function startRegistration(
  config: RegistrationConfig,
  doors: readonly { readonly url: string }[],
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
): Promise<RelayRegistration> {
  const standing = metrics.gauge("otlpkit_registration_fresh", "1 while the registration is known to stand.");
  const registrar = await registrarOf(config, (state) => {
    standing.with({ registry: state.source }).set(state.state === "fresh" ? 1 : 0);
    if (state.state === "stale") log.warn("the registration is not known to stand", { error: state.error });
  });
  const url = config.url ?? reachable(doors[0]?.url);
  const place = new URL(url);
  const id = config.id ?? `${hostname()}:${place.port}`;
  const endpoint = {
    id,
    url,
    ...(config.zone === undefined ? {} : { zone: config.zone }),
    ...(config.weight === undefined ? {} : { weight: config.weight }),
  };
  const gone = new AbortController();
  const registering = registrar.register({ service: config.service, endpoint }, gone.signal).then(
    (registered): Registered | undefined => {
      log.info("registered", { registry: registrar.name, service: config.service, id, url });
      return registered;
    },
    (error: unknown) => {
      if (!gone.signal.aborted) log.error("cannot register", { registry: registrar.name, error });
      return undefined;
    },
  );
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    gone.abort();
    await (await registering)?.close();
  }

  return {
    async drain() {
      gone.abort();
      await (await registering)?.drain();
    },
    close: () => (closing ??= close()),
  };
}

/** A door on all addresses is reached by the name of the machine. */
function reachable(url: string | undefined): string {
  if (url === undefined) throw new ExportError("rejected", "there is no door to register; say url");
  return url.replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:|$)/u, `//${hostname()}`);
}

import { hostname } from "node:os";
import { ExportError, type Registered } from "@otlpkit/core";
import type { Health, Log, Metrics } from "@otlpkit/telemetry";
import { registrarOf, type RegistrationConfig } from "./settings/discovery.ts";

/** A registration that stands, or is tried until it does. */
export interface RelayRegistration {
  /** Says that the relay is about to go, and waits a moment until others have heard of it, so that nothing new comes. */
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
  { health, log, metrics }: { readonly health: Health; readonly log: Log; readonly metrics: Metrics },
): Promise<RelayRegistration> {
  const standing = metrics.gauge("otlpkit_registration_fresh", "1 while the registration is known to stand.");
  const part = health.component("registration");
  const stands = (source: string, error?: ExportError): void => {
    standing.with({ registry: source }).set(error === undefined ? 1 : 0);
    // Whoever knows the relay otherwise is served all the same.
    if (error === undefined) part.set("ready");
    else part.set("degraded", error.message);
  };
  part.set("degraded", "not registered yet");
  const registrar = await registrarOf(config, (state) => {
    if (state.state === "fresh") return stands(state.source);
    stands(state.source, state.error);
    return log.warn("the registration is not known to stand", { error: state.error });
  });
  const url = config.url ?? reachable(doors);
  const place = new URL(url);
  if (/^(?:localhost|127\..*|\[::1\])$/u.test(place.hostname)) {
    log.warn("only this machine can reach what is registered; url says another place", { url });
  }
  const id = config.id ?? `${hostname()}:${place.port}`;
  const endpoint = {
    id,
    url,
    ...(config.zone === undefined ? {} : { zone: config.zone }),
    ...(config.weight === undefined ? {} : { weight: config.weight }),
  };
  const gone = new AbortController();
  let known: Registered | undefined;
  const registering = registrar.register({ service: config.service, endpoint }, gone.signal).then(
    (registered): Registered | undefined => {
      known = registered;
      log.info("registered", { registry: registrar.name, service: config.service, id, url });
      return registered;
    },
    (error: unknown) => {
      if (gone.signal.aborted) return undefined;
      stands(registrar.name, ExportError.from(error));
      log.error("cannot register", { registry: registrar.name, error });
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
      // Whoever nobody knows need not say that it goes.
      if (known === undefined) return;
      await known.drain();
      // Until then doors stay open: others ask for news, or gather them, before they believe them.
      await new Promise((resolve) => {
        setTimeout(resolve, config.drain_wait);
      });
    },
    close: () => (closing ??= close()),
  };
}

/** The first door that is no socket in the file system. One on all addresses is reached by the name of the machine. */
function reachable(doors: readonly { readonly url: string }[]): string {
  const url = doors.find((door) => /^https?:/u.test(door.url))?.url;
  if (url === undefined) throw new ExportError("rejected", "there is no door to register; say url");
  return url.replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:|$)/u, `//${hostname()}`);
}

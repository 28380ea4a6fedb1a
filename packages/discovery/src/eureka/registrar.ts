import type { Registrar, Registration } from "@otlpkit/core";
import { type Keep, keeping, type KeepOptions, registrable } from "../keeping.ts";
import type { Time } from "../time.ts";
import { drainingLabel, instanceOf, isDrainedByUs } from "./instance.ts";
import { type EurekaAccess, servers } from "./servers.ts";

/** Options of {@link eurekaRegistrar}. */
export interface EurekaRegistrarOptions extends KeepOptions, EurekaAccess {
  /** Time between signs of life. Default 30,000, in whole seconds for the server. */
  readonly beatMs?: number;
  /** Without a sign of life for so long the server forgets us. Default three times `beatMs`. */
  readonly durationMs?: number;
}

/** Registers with Eureka. Draining is the status OUT_OF_SERVICE. The service's name is in upper case there. */
export function eurekaRegistrar(options: EurekaRegistrarOptions = {}): Registrar {
  return keeping("eureka", options, (registration, time) => keep(registration, options, time));
}

function keep(registration: Registration, options: EurekaRegistrarOptions, time: Time): Keep {
  registrable(registration.endpoint, "eureka");
  const { beatMs = 30_000, durationMs = 3 * beatMs } = options;
  const all = servers(options, time);
  const app = `/apps/${encodeURIComponent(registration.service.toUpperCase())}`;
  const instance = `${app}/${encodeURIComponent(registration.endpoint.id)}`;
  const lease = { beatSeconds: Math.ceil(beatMs / 1000), durationSeconds: Math.ceil(durationMs / 1000) };
  let status: "UP" | "OUT_OF_SERVICE" = "UP";
  // Of two servers that have heard different things of us, the one that heard this is right.
  let changedAt = 0;

  /**
   * A server holds on to OUT_OF_SERVICE over a new registration. Where it was our own doing, since we were ended while
   * draining, it is taken back; where an operator wants it so, it stays.
   */
  async function endOwnDraining(signal: AbortSignal): Promise<void> {
    const answer = await all.ask({ path: instance, signal });
    if (answer.status !== 200 || !isDrainedByUs(answer.json())) return;
    const path = `${instance}/status?value=UP&lastDirtyTimestamp=${changedAt}`;
    const undone = await all.ask({ method: "DELETE", path, signal });
    if (undone.status !== 200 && undone.status !== 404) throw undone.error();
  }

  async function setStatus(signal: AbortSignal): Promise<"kept" | "forgotten"> {
    const path = `${instance}/status?value=${status}&lastDirtyTimestamp=${changedAt}`;
    const answer = await all.ask({ method: "PUT", path, signal });
    if (answer.status === 404) return "forgotten";
    if (answer.status !== 200) throw answer.error();
    return "kept";
  }
  return {
    beatMs,
    async put(draining, signal) {
      status = draining ? "OUT_OF_SERVICE" : "UP";
      changedAt = Date.now();
      if (!draining) await endOwnDraining(signal);
      const json = instanceOf(registration, status, { ...lease, changedAt });
      const answer = await all.ask({ method: "POST", path: app, json, signal });
      if (answer.status !== 204 && answer.status !== 200) throw answer.error();
      if (draining) await setStatus(signal);
    },
    async beat(signal) {
      const path = `${instance}?status=${status}&lastDirtyTimestamp=${changedAt}`;
      const answer = await all.ask({ method: "PUT", path, signal });
      if (answer.status === 404) return "forgotten";
      if (answer.status !== 200) throw answer.error();
      return "kept";
    },
    async drain(signal) {
      status = "OUT_OF_SERVICE";
      changedAt = Date.now();
      await all.ask({ method: "PUT", path: `${instance}/metadata?${drainingLabel}=true`, signal });
      // Forgotten: the next sign of life finds that out, and registers as draining.
      await setStatus(signal);
    },
    async remove(signal) {
      const answer = await all.ask({ method: "DELETE", path: instance, signal });
      if (answer.status !== 200 && answer.status !== 404) throw answer.error();
    },
    close: () => all.close(),
  };
}

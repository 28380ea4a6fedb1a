import type { Registry } from "@otlpkit/core";
import { sleep, type Time, timeOf } from "../time.ts";
import { type Follow, watching, type WatchOptions } from "../watching.ts";
import { applicationsOf } from "./applications.ts";
import { endpointOfInstance, type InstanceChoice } from "./instance.ts";
import { type Known, known } from "./known.ts";
import { type EurekaAccess, type Servers, servers } from "./servers.ts";

/** Options of {@link eurekaRegistry}. */
export interface EurekaRegistryOptions extends WatchOptions, EurekaAccess, InstanceChoice {
  /** How often the server is asked what has changed, up to a tenth more or less. Default 30,000, as Eureka's clients do. */
  readonly pollMs?: number;
  /**
   * An instance that is missing from a whole list, without having been reported as deleted, stays so long, since a server
   * that was started anew knows nobody at first. Default 90,000, which is the time to live of a registration.
   */
  readonly missingGraceMs?: number;
}

/**
 * The instances of an application that Eureka calls UP; those OUT_OF_SERVICE are draining. Reads all once, then what has
 * changed, and all again when the two do not add up.
 *
 * Eureka tells late (`pollMs`, and half a minute of caches of its own), and keeps dead instances when many are missed at a
 * time: whoever sends to them must find out himself which are alive.
 */
export function eurekaRegistry(app: string, options: EurekaRegistryOptions = {}): Registry {
  return {
    name: "eureka",
    async *watch(signal) {
      if (signal.aborted) return;
      const time = timeOf(options);
      const all = servers(options, time);
      const memory = known(options.missingGraceMs ?? 90_000, time);
      try {
        // What is known outlives a server that fails.
        yield* watching("eureka", options, following(app.toUpperCase(), all, memory, options)).watch(signal);
      } finally {
        all.close();
      }
    },
  };
}

function following(app: string, all: Servers, memory: Known, options: EurekaRegistryOptions): Follow {
  const { pollMs = 30_000 } = options;
  return async (tell, signal, time) => {
    let deltas = true;
    await readAll(all, memory, signal);
    while (!signal.aborted) {
      tell(memory.of(app).map((instance) => endpointOfInstance(instance, options)));
      await sleep(time, nextMs(pollMs, memory, time), signal);
      if (signal.aborted) return;
      const whole = deltas ? await readDelta(all, memory, signal) : "no deltas";
      if (whole === "no deltas") deltas = false;
      if (whole !== "yes") await readAll(all, memory, signal);
    }
  };
}

function nextMs(pollMs: number, { nextLossMs = Infinity }: Known, time: Time): number {
  return Math.min(pollMs * (0.9 + 0.2 * time.random()), Math.max(nextLossMs, 1));
}

async function readAll(all: Servers, memory: Known, signal: AbortSignal): Promise<void> {
  const answer = await all.ask({ path: "/apps", signal });
  if (answer.status !== 200) throw answer.error();
  memory.replace(applicationsOf(answer.json()));
}

/** Whether what is known is now the whole of it. */
async function readDelta(all: Servers, memory: Known, signal: AbortSignal): Promise<"yes" | "no" | "no deltas"> {
  const answer = await all.ask({ path: "/apps/delta", signal });
  // Servers may be set up to give none.
  if (answer.status === 403 || answer.status === 404) return "no deltas";
  if (answer.status !== 200) throw answer.error();
  return memory.apply(applicationsOf(answer.json())) ? "yes" : "no";
}

import { ExportError, type Registry } from "@otlpkit/core";
import type { SourceAnswer } from "../http/source-http.ts";
import type { Time } from "../time.ts";
import { type Tell, watching, type WatchOptions } from "../watching.ts";
import type { ConsulAccess } from "./access.ts";
import { agent, type Query } from "./agent.ts";
import { floor } from "./floor.ts";
import { endpointsOf, type HealthChoice } from "./health.ts";

/** Options of {@link consulRegistry}. */
export interface ConsulRegistryOptions extends WatchOptions, ConsulAccess, HealthChoice {
  /** Only instances with all of these tags. Default: any. */
  readonly tags?: readonly string[];
  /** Only instances for which this expression of Consul's filter language holds: `Service.Meta.version == "7"`. */
  readonly filter?: string;
  /** Look in another datacenter than the agent's own. */
  readonly datacenter?: string;
  /** How long the agent may hold a question back while nothing changes. Default 300,000; at most 600,000. */
  readonly waitMs?: number;
  /**
   * Let any server answer, not only the leader, so that a list is had while there is none. Default true; the answers may
   * be behind by `maxStaleMs`.
   */
  readonly stale?: boolean;
  /** An answer from a server that has lost its leader for longer is no news. Default 60,000. */
  readonly maxStaleMs?: number;
  /** After two questions in a row, others wait so long, however fast the service changes. Default 1,000. */
  readonly minIntervalMs?: number;
}

/**
 * The healthy instances of a service in Consul, by blocking queries: a change is known within moments. Instances in
 * maintenance are draining.
 *
 * The token needs `service:read` and `node:read`; where Consul says that it has left out what the token may not see, and
 * nothing is left, that is an error and no empty list.
 */
export function consulRegistry(service: string, options: ConsulRegistryOptions = {}): Registry {
  return watching("consul", options, (tell, signal, time) => follow(service, options, tell, signal, time));
}

const maxWaitMs = 600_000;

async function follow(
  service: string,
  options: ConsulRegistryOptions,
  tell: Tell,
  signal: AbortSignal,
  time: Time,
): Promise<void> {
  const { waitMs = 300_000, timeoutMs = 10_000, minIntervalMs = 1_000, maxStaleMs = 60_000 } = options;
  const asksMs = Math.min(waitMs, maxWaitMs);
  const consul = agent(options, time);
  const leave = floor({ burst: 2, intervalMs: minIntervalMs }, time);
  const fixed: Query = [
    ...(options.tags ?? []).map((tag) => ["tag", tag] as const),
    ["filter", options.filter],
    ["dc", options.datacenter],
    ...(options.stale === false ? [] : [["stale", ""] as const]),
  ];
  let index = 0;
  let known = false;
  try {
    while (!signal.aborted) {
      await leave(signal);
      if (signal.aborted) return;
      const waits = index > 0;
      const answer = await consul.ask({
        path: `/v1/health/service/${encodeURIComponent(service)}`,
        query: waits ? [...fixed, ["index", String(index)], ["wait", `${asksMs}ms`]] : fixed,
        // The servers add up to a sixteenth, so that not all come back at once.
        timeoutMs: waits ? asksMs + asksMs / 16 + timeoutMs : timeoutMs,
        waiting: waits,
        signal,
      });
      if (answer.status !== 200) throw answer.error();
      const endpoints = endpointsOf(answer.json(), options);
      checkWhole(answer, endpoints.length);
      if (known) checkFresh(answer, maxStaleMs);
      tell(endpoints);
      known = true;
      index = nextIndex(index, answer.headers["x-consul-index"]);
    }
  } finally {
    await consul.close();
  }
}

/**
 * The index for the next question. One that went back means that the servers lost their memory: begin anew. None, or 0,
 * would never wait: 1 does (and is answered at once when anything has changed).
 */
function nextIndex(last: number, header: string | undefined): number {
  const index = /^\d{1,19}$/.test(header ?? "") ? Number(header) : 0;
  if (index < 1) return 1;
  return index < last ? 0 : index;
}

/** "Nobody" may mean "nobody that you may see". */
function checkWhole({ headers }: SourceAnswer, instances: number): void {
  if (instances > 0 || headers["x-consul-results-filtered-by-acls"] !== "true") return;
  throw new ExportError(
    "forbidden",
    "consul has left out all instances, since the token may not see them; it needs service:read and node:read",
  );
}

/** A server that was cut off long ago tells of the past. Better than nothing, and worse than what is known. */
function checkFresh({ headers }: SourceAnswer, maxStaleMs: number): void {
  const lastContactMs = Number(headers["x-consul-lastcontact"] ?? 0);
  if (!(lastContactMs > maxStaleMs)) return;
  throw new ExportError("unavailable", `the consul server that answers has had no leader for ${lastContactMs} ms`);
}

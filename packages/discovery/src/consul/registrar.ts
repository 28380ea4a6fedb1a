import type { Registrar, Registration } from "@otlpkit/core";
import { labelsOf, placeOf } from "../found.ts";
import type { SourceAnswer } from "../http/source-http.ts";
import { type Keep, keeping, type KeepOptions, registrable } from "../keeping.ts";
import type { Time } from "../time.ts";
import type { ConsulAccess } from "./access.ts";
import { agent, type Query } from "./agent.ts";
import { checkBody, type ConsulCheck, ttlMs } from "./check.ts";

/** Options of {@link consulRegistrar}. */
export interface ConsulRegistrarOptions extends KeepOptions, ConsulAccess {
  /** How Consul finds out whether we are well. Default: we say so, `{ kind: "ttl", ttlMs: 15000 }`. */
  readonly check?: ConsulCheck;
  /** Tags of the instance. Default none. */
  readonly tags?: readonly string[];
  /** An instance that has been critical for so long is forgotten. Default 60,000, which is the least that Consul takes. */
  readonly deregisterAfterMs?: number;
  /** How often it is made sure that the agent still knows us when it asks itself (http, grpc). Default 30,000. */
  readonly beatMs?: number;
}

/**
 * Registers with the agent of this machine: `url` must not lead through a load balancer, since a registration belongs to
 * the agent that took it. Draining is Consul's maintenance mode: the instance counts as critical, and our own registry tells
 * it as draining. The token needs `service:write`.
 */
export function consulRegistrar(options: ConsulRegistrarOptions = {}): Registrar {
  return keeping("consul", options, (registration, time) => keep(registration, options, time));
}

function keep({ service, endpoint }: Registration, options: ConsulRegistrarOptions, time: Time): Keep {
  registrable(endpoint, "consul");
  const { check = { kind: "ttl" }, tags = [], deregisterAfterMs = 60_000, beatMs = 30_000 } = options;
  const consul = agent(options, time);
  const place = placeOf(endpoint.url);
  const { id } = endpoint;
  const checkId = `otlpkit:${id}`;

  const weight = endpoint.weight ?? 1;
  const meta = labelsOf(endpoint);
  // Consul has whole weights from 1 up; others are told beside.
  const isWhole = Number.isInteger(weight) && weight >= 1 && weight <= 65_535;
  if (isWhole) delete meta["otlp-weight"];

  const put = (path: string, signal: AbortSignal, json?: unknown, query?: Query): Promise<SourceAnswer> =>
    consul.ask({
      method: "PUT",
      path: `/v1/agent/${path}`,
      signal,
      ...(json === undefined ? {} : { json }),
      ...(query === undefined ? {} : { query }),
    });
  const maintenance = (signal: AbortSignal): Promise<SourceAnswer> =>
    put(`service/maintenance/${encodeURIComponent(id)}`, signal, undefined, [
      ["enable", "true"],
      ["reason", "draining"],
    ]);

  const body = (draining: boolean): unknown => ({
    ID: id,
    Name: service,
    Tags: tags,
    Address: place.host,
    Port: place.port,
    Meta: meta,
    Weights: { Passing: isWhole ? weight : 1, Warning: 1 },
    Checks: [
      {
        ...checkBody(check, checkId, place, draining),
        DeregisterCriticalServiceAfter: `${Math.max(60_000, deregisterAfterMs)}ms`,
      },
    ],
  });

  async function beat(signal: AbortSignal): Promise<"kept" | "forgotten"> {
    const answer =
      check.kind === "ttl"
        ? await put(`check/update/${encodeURIComponent(checkId)}`, signal, { Status: "passing", Output: "alive" })
        : await consul.ask({ path: `/v1/agent/service/${encodeURIComponent(id)}`, signal });
    if (isUnknown(answer)) return "forgotten";
    if (answer.status !== 200) throw answer.error();
    return "kept";
  }

  return {
    beatMs: check.kind === "ttl" ? ttlMs(check) / 3 : beatMs,
    async put(draining, signal) {
      const query: Query = [["replace-existing-checks", "true"]];
      const answer = await put("service/register", signal, body(draining), query);
      if (answer.status !== 200) throw answer.error();
      if (!draining) return;
      const drained = await maintenance(signal);
      if (drained.status !== 200) throw drained.error();
      await beat(signal);
    },
    beat,
    async drain(signal) {
      const answer = await maintenance(signal);
      // Forgotten: the next sign of life finds that out, and registers as draining.
      if (answer.status !== 200 && !isUnknown(answer)) throw answer.error();
    },
    async remove(signal) {
      const answer = await put(`service/deregister/${encodeURIComponent(id)}`, signal);
      if (answer.status !== 200 && !isUnknown(answer)) throw answer.error();
    },
    close: () => consul.close(),
  };
}

/** The agent does not know it, as agents of all ages say it. */
function isUnknown({ status, text }: SourceAnswer): boolean {
  return status === 404 || (status === 500 && /unknown (?:check|service)|does not have associated TTL/i.test(text));
}

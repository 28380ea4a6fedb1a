import { type Endpoint, ExportError } from "@otlpkit/core";
import { endpointOf, type Found, type Manner, remoteHost } from "../found.ts";

/** Which instances are taken, and by which address. */
export interface HealthChoice extends Manner {
  /** Take those with a warning too, by their weight for that. Default false: only who passes all checks. */
  readonly allowWarning?: boolean;
  /** Reach them by this one of their tagged addresses, such as "wan", where they have it. */
  readonly taggedAddress?: string;
}

/** An entry of `/v1/health/service`: of what Consul says, what is looked at. Strangers write there, so nothing is certain. */
interface Entry {
  readonly Node?: {
    readonly Node?: string;
    readonly Address?: string;
    readonly Datacenter?: string;
    readonly Locality?: { readonly Zone?: string } | null;
  };
  readonly Service?: {
    readonly ID?: string;
    readonly Address?: string;
    readonly Port?: number;
    readonly Tags?: readonly string[] | null;
    readonly Meta?: Readonly<Record<string, string>> | null;
    readonly Weights?: { readonly Passing?: number; readonly Warning?: number } | null;
    readonly TaggedAddresses?: Readonly<Record<string, { readonly Address?: string; readonly Port?: number }>> | null;
    readonly Locality?: { readonly Zone?: string } | null;
  };
  readonly Checks?: readonly { readonly CheckID?: string; readonly Status?: string }[] | null;
}

/**
 * Makes endpoints of the entries that are fit. Who is in maintenance, and would be fit otherwise, drains.
 *
 * @throws ExportError "bad-response" when it is no list of entries.
 */
export function endpointsOf(body: unknown, choice: HealthChoice): readonly (Endpoint | undefined)[] {
  if (!Array.isArray(body) || !body.every((entry) => typeof entry === "object" && entry !== null)) {
    throw new ExportError("bad-response", "consul answered with something that is no list of instances", {
      retryable: true,
    });
  }
  const entries = body as readonly Entry[];
  const counts = new Map<string, number>();
  for (const { Service } of entries) counts.set(Service?.ID ?? "", (counts.get(Service?.ID ?? "") ?? 0) + 1);
  return entries.map((entry) => {
    const found = foundIn(entry, choice);
    if (found === undefined) return undefined;
    // Ids are each agent's own: two of them may use the same one for different instances.
    const shared = (counts.get(found.id ?? "") ?? 0) > 1;
    return endpointOf(shared ? { ...found, id: `${found.id}@${entry.Node?.Node ?? ""}` } : found, choice);
  });
}

function foundIn({ Node, Service, Checks }: Entry, choice: HealthChoice): Found | undefined {
  if (Service === undefined) return undefined;
  const isMaintenance = (id = ""): boolean => id === "_node_maintenance" || id.startsWith("_service_maintenance:");
  const checks = Checks ?? [];
  const draining = checks.some(({ CheckID, Status }) => isMaintenance(CheckID) && Status === "critical");
  const states = checks.filter(({ CheckID }) => !isMaintenance(CheckID)).map(({ Status }) => Status);
  const warned = states.includes("warning");
  if (states.some((state) => state !== "passing" && state !== "warning")) return undefined;
  if (warned && choice.allowWarning !== true) return undefined;

  const tagged = choice.taggedAddress === undefined ? undefined : Service.TaggedAddresses?.[choice.taggedAddress];
  const tags = (Service.Tags ?? []).join(",");
  return {
    host: remoteHost(firstOf(tagged?.Address, Service.Address, Node?.Address)),
    port: tagged?.Port ?? Service.Port ?? 0,
    id: Service.ID,
    weight: warned ? Service.Weights?.Warning : Service.Weights?.Passing,
    zone: firstOf(Service.Locality?.Zone, Node?.Locality?.Zone),
    draining,
    metadata: {
      ...Service.Meta,
      ...(tags === "" ? {} : { tags }),
      ...(Node?.Node === undefined ? {} : { node: Node.Node }),
      ...(Node?.Datacenter === undefined ? {} : { datacenter: Node.Datacenter }),
    },
  };
}

function firstOf(...texts: readonly (string | undefined)[]): string {
  return texts.find((text) => text !== undefined && text !== "") ?? "";
}

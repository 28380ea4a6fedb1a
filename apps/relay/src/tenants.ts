import { type ByteBudget, fairBudget, type Middleware } from "@otlpkit/core";
import { type Metrics, tenantRefusals } from "@otlpkit/telemetry";
import type { TenantsConfig } from "./settings/tenants.ts";
import { tenantFromResource } from "./tenant-from-resource.ts";

/** Who shares a relay, and what is kept of it. */
export interface Tenants {
  /** The memory budget of the doors. Where a header names tenants, they share it fairly. */
  readonly budget: ByteBudget;
  /** The header that names them, if one does. */
  readonly header: string | undefined;
  /** What stands behind the doors of receivers. */
  readonly stages: readonly Middleware[];
  /** Their weights; undefined where tenants are not told apart, so that nothing need be kept free for others. */
  readonly weights: Readonly<Record<string, number>> | undefined;
  /** Counts a request that was refused. */
  refused(tenant: string, code: string): void;
}

/** Sets up what a configuration says about tenants, within so many bytes of memory. */
export function tenantsOf(config: TenantsConfig | undefined, maxBytes: number, metrics: Metrics): Tenants {
  if (config === undefined) {
    const budget = fairBudget({ maxBytes, headroom: 0 });
    return { budget, header: undefined, stages: [], weights: undefined, refused: () => undefined };
  }
  const { header, attribute, weights, max } = config;
  const shared = { maxBytes, weights, maxTenants: max };
  const count = tenantRefusals(metrics);
  const named = new Set(Object.keys(weights));
  const refused = (tenant: string, code: string): void => {
    if (named.size < max) named.add(tenant);
    count(named.has(tenant) ? tenant : "others", code);
  };
  // Whose a request is by its resources is known once it was read, which takes memory of the one budget that bounds it.
  // The shares are counted beside it, and leave as much of that free as their headroom.
  const ownShares = { budget: fairBudget(shared), onRefused: (tenant: string) => refused(tenant, "overloaded") };
  return {
    budget: header === undefined ? fairBudget({ maxBytes, headroom: 0 }) : fairBudget(shared),
    header,
    stages: attribute === undefined ? [] : [tenantFromResource(attribute, ownShares)],
    weights,
    refused,
  };
}

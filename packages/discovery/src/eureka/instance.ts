import type { Endpoint, Registration } from "@otlpkit/core";
import { endpointOf, labelsOf, type Manner, placeOf, remoteHost } from "../found.ts";
import type { Instance } from "./applications.ts";

/** How instances are reached. */
export interface InstanceChoice extends Manner {
  /** By the name of their host or by its address. Default "hostname", as Spring's clients do. */
  readonly address?: "hostname" | "ip";
}

/** Makes an endpoint of an instance that is up, or was taken out of service, which drains. Others are none. */
export function endpointOfInstance(instance: Instance, choice: InstanceChoice): Endpoint | undefined {
  const { status, hostName, ipAddr, port, securePort, instanceId } = instance;
  if (status !== "UP" && status !== "OUT_OF_SERVICE") return undefined;
  const isSecure = isEnabled(securePort) && (choice.scheme === "https" || !isEnabled(port));
  const chosen = isSecure ? securePort : port;
  const names = choice.address === "ip" ? [ipAddr, hostName] : [hostName, ipAddr];
  const { zone, [drainingLabel]: _, ...metadata } = textsOf(instance.metadata);
  return endpointOf(
    {
      host: remoteHost(names.find((name) => name !== undefined && name !== "") ?? ""),
      port: Number(chosen?.$ ?? 0),
      id: instanceId,
      secure: isSecure,
      zone: zone ?? textsOf(instance.dataCenterInfo?.metadata)["availability-zone"],
      draining: status === "OUT_OF_SERVICE",
      metadata,
    },
    choice,
  );
}

/** Tells that it was the instance itself that took it out of service. */
export const drainingLabel = "otlp-draining";

/** For how long we are there, and since when as we are. */
export interface Lease {
  readonly beatSeconds: number;
  readonly durationSeconds: number;
  /** Since 1970, in ms. */
  readonly changedAt: number;
}

/** What we say of ourselves. */
export function instanceOf(
  { service, endpoint }: Registration,
  status: "UP" | "OUT_OF_SERVICE",
  lease: Lease,
): unknown {
  const { host, port, secure } = placeOf(endpoint.url);
  // Spring's clients look for the zone under this name.
  const { "otlp-zone": zone, ...labels } = labelsOf(endpoint);
  return {
    instance: {
      instanceId: endpoint.id,
      app: service.toUpperCase(),
      hostName: host,
      ipAddr: host,
      status,
      overriddenStatus: "UNKNOWN",
      port: { $: port, "@enabled": String(!secure) },
      securePort: { $: secure ? port : 443, "@enabled": String(secure) },
      vipAddress: service,
      secureVipAddress: service,
      countryId: 1,
      dataCenterInfo: { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", name: "MyOwn" },
      lastDirtyTimestamp: String(lease.changedAt),
      leaseInfo: { renewalIntervalInSecs: lease.beatSeconds, durationInSecs: lease.durationSeconds },
      metadata: {
        ...labels,
        ...(zone === undefined ? {} : { zone }),
        ...(status === "UP" ? {} : { [drainingLabel]: "true" }),
      },
    },
  };
}

/** Of an answer about one instance: it is out of service because it said so itself. */
export function isDrainedByUs(body: unknown): boolean {
  const { instance } = body as { readonly instance?: Instance };
  return instance?.metadata?.[drainingLabel] === "true";
}

function isEnabled(port: Instance["port"]): boolean {
  return String(port?.["@enabled"] ?? "false") === "true";
}

/** Without what only tells the server's own language which class it was. */
function textsOf(given: Readonly<Record<string, unknown>> | null | undefined): Record<string, string> {
  const texts = Object.entries(given ?? {}).flatMap(([name, value]) =>
    name.startsWith("@") || typeof value !== "string" ? [] : [[name, value] as const],
  );
  return Object.fromEntries(texts);
}

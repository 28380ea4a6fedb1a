import { check, choice, duration, ignored, list, optional, section, text } from "@otlpkit/config";
import { type Balancer, definePlugin, type Transport } from "@otlpkit/core";
import type { Key } from "@otlpkit/balancer";
import { balanced } from "../balanced.ts";
import type { Destination, ExporterContext } from "../component.ts";
import { balancerConfig, balancerOf } from "../settings/balancer.ts";
import { compressionStage } from "../settings/compression.ts";
import { discoveryConfig, registryOf } from "../settings/discovery.ts";
import { sendingQueueConfig } from "../settings/queue.ts";
import { retryOnFailure } from "../settings/retry-on-failure.ts";
import { sparingKeys } from "../settings/sparing.ts";
import { grpcKeys, grpcTransportOf } from "./otlp-grpc.ts";
import { otlpDestination } from "./otlp-stack.ts";
import { encoding, targetOf } from "./way.ts";

const ownQueue = "there is one queue, in front of all endpoints: sending_queue of this exporter";

const config = check(
  section({
    protocol: section({
      otlp: section({
        ...grpcKeys,
        endpoint: ignored("the resolver says where"),
        sending_queue: ignored(ownQueue),
        retry_on_failure: ignored("retry_on_failure of this exporter counts"),
      }),
    }),
    resolver: discoveryConfig,
    routing_key: optional(choice("traceID", "service", "metric", "resource", "streamID", "attributes")),
    routing_attributes: list(text),
    timeout: optional(duration),
    retry_on_failure: retryOnFailure,
    sending_queue: sendingQueueConfig,
    ...sparingKeys,
    /** Ours: all else about choosing, but for what belongs together. */
    balancer: balancerConfig,
  }),
  ({ routing_key: key, routing_attributes: attributes }) =>
    key === "attributes" && attributes.length === 0 ? "routing_key: attributes needs routing_attributes" : undefined,
);

/**
 * `loadbalancing` (also `load_balancing`): what belongs together goes to one of several endpoints, whoever sends it: the
 * spans of a trace, all of a service. Batches are cut by endpoint, and what fails at one goes to the next in line.
 */
export const loadBalancingExporter = definePlugin({
  kind: "exporter",
  names: ["loadbalancing", "load_balancing"],
  config,
  async create(settings, context: ExporterContext): Promise<Destination> {
    const { otlp } = settings.protocol;
    const { resolver } = settings;
    const timeoutMs = settings.timeout ?? otlp.timeout;
    const encode = await compressionStage(otlp.compression, otlp.compression_params.level);
    const transport: Transport = encoding(await grpcTransportOf(otlp, context), encode);
    const scheme = otlp.tls.insecure ? "http" : "https";
    const registry = await registryOf(resolver, { scheme, port: 4317 }, context);
    const { options } = await balancerOf(settings.balancer, timeoutMs);
    const balancer = await balancerBy(settings.routing_key, settings.routing_attributes);
    return otlpDestination(
      {
        queue: settings.sending_queue,
        retry: settings.retry_on_failure,
        circuitBreaker: settings.circuit_breaker,
        adaptiveConcurrency: settings.adaptive_concurrency,
        isBalanced: true,
        timeoutMs: timeoutMs * (options.maxAttempts ?? 3),
        encode: [],
        connection: await balanced(registry, transport, { balancer, options }, context),
        label: "gRPC",
        target: `${targetOf(resolver)}, by ${settings.routing_key ?? "traceID or service"}`,
      },
      context,
    );
  },
});

type RoutingKey = "traceID" | "service" | "metric" | "resource" | "streamID" | "attributes";

/** As the Collector has it: traces by their ids and all else by its service, unless one key is for all. */
async function balancerBy(routing: RoutingKey | undefined, attributes: readonly string[]): Promise<Balancer> {
  const { byAttributes, byMetric, byMetricStream, byResource, byTraceId, byWholeResource, consistentHash } =
    await import("@otlpkit/balancer");
  const [trace, service] = [byTraceId(), byResource()];
  const usual: Key = {
    name: "trace id or service",
    differsByItem: true,
    of: (batch) => (batch.signal === "traces" ? trace : service).of(batch),
  };
  const keys: Readonly<Record<RoutingKey, () => Key>> = {
    traceID: () => trace,
    service: () => service,
    metric: byMetric,
    streamID: byMetricStream,
    resource: byWholeResource,
    attributes: () => byAttributes(...attributes),
  };
  return consistentHash({ key: routing === undefined ? usual : keys[routing]() });
}

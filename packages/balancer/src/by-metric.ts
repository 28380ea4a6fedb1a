import type { ItemView, MessageView } from "@otlpkit/otlp";
import { visitItems } from "@otlpkit/otlp";
import { attributesHash } from "./attributes-hash.ts";
import { byResource } from "./by-resource.ts";
import { hashText, joinHashes } from "./hash.ts";
import type { Key } from "./key.ts";

/**
 * All data points of a metric of one service go to one endpoint. What is no metric goes by its service.
 */
export function byMetric(): Key {
  const service = byResource();
  return {
    name: "metric",
    differsByItem: true,
    of(batch) {
      const serviceHash = service.of(batch);
      const nameHash = metricNameHash();
      return (item) => joinHashes(serviceHash(item), nameHash(item as ItemView));
    },
  };
}

/**
 * All data points of one stream, the same metric with the same attributes of the same instance of a service, go to one
 * endpoint: what turning deltas into sums needs. The order of the attributes does not matter. What is no metric goes by
 * its service and instance.
 */
export function byMetricStream(): Key {
  const instance = byResource("service.name", "service.instance.id");
  return {
    name: "metric-stream",
    differsByItem: true,
    of(batch) {
      const instanceHash = instance.of(batch);
      if (batch.signal !== "metrics") return instanceHash;
      const starts: number[] = [];
      const ends: number[] = [];
      visitItems("metrics", batch.body, (start, end) => {
        starts.push(start);
        ends.push(end);
      });
      const nameHash = metricNameHash();
      return (item) => {
        const { position, type } = item as ItemView;
        const attributes = attributesHash(batch.body, starts[position] as number, ends[position] as number, type);
        return joinHashes(joinHashes(instanceHash(item), nameHash(item as ItemView)), attributes);
      };
    },
  };
}

/** Reads the name once for all points of a metric. */
function metricNameHash(): (item: ItemView) => number {
  let metric: MessageView | undefined;
  let hash = 0;
  return ({ metric: current }) => {
    if (current !== metric) {
      metric = current;
      hash = hashText(current?.text("name") ?? "");
    }
    return hash;
  };
}

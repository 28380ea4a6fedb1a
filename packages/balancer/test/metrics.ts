import { type Batch, protobufBatch } from "@otlpkit/core";
import { encode, type KeyValue, scan } from "@otlpkit/otlp";

/** One data point of a counter for each entry: the service it comes from, the metric, and attributes. */
export function metricsOf(
  points: readonly {
    readonly service: string;
    readonly metric: string;
    readonly attributes: Readonly<Record<string, string>>;
  }[],
): Batch {
  const body = encode("metrics", {
    resourceMetrics: points.map(({ service, metric, attributes }) => ({
      resource: { attributes: attributesOf({ "service.name": service }) },
      scopeMetrics: [
        {
          metrics: [
            {
              name: metric,
              sum: { dataPoints: [{ attributes: attributesOf(attributes), timeUnixNano: 1n, asInt: 1n }] },
            },
          ],
        },
      ],
    })),
  });
  return protobufBatch("metrics", body, scan("metrics", body));
}

function attributesOf(from: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(from).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

import type { HrTime } from "@otlpkit/otlp";
import type { Attributes } from "../../resource.ts";
import type { Aggregation } from "./aggregation.ts";
import type { MetricStream, StreamParts } from "./metric-stream.ts";
import { type PointMap, pointMap } from "./point-map.ts";

interface Point {
  readonly attributes: Attributes;
  readonly startTime: HrTime;
  readonly aggregation: Aggregation;
}

/** Measurements of counters, histograms and gauges, put together as they come. */
export function measuredStream({ aggregation, delta, limit, keys, now }: StreamParts): MetricStream {
  let startTime = now();
  let points = fresh();

  function fresh(): PointMap<Point> {
    return pointMap({
      limit,
      keys,
      make: (attributes) => ({ attributes, startTime: delta ? startTime : now(), aggregation: aggregation.start() }),
    });
  }

  return {
    record: (value, attributes) => points.at(attributes).aggregation.record(value),
    collect(time) {
      const recorded = Array.from(points.points(), ({ attributes, startTime, aggregation }) => ({
        attributes,
        startTime,
        endTime: time,
        value: aggregation.value(),
      }));
      if (delta) {
        startTime = time;
        points = fresh();
      }
      return recorded;
    },
  };
}

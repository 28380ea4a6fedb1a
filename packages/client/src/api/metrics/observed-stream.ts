import type { HrTime } from "@otlpkit/otlp";
import type { Attributes } from "../../resource.ts";
import type { Aggregation } from "./aggregation.ts";
import type { MetricStream, StreamParts } from "./metric-stream.ts";
import { type PointMap, pointMap } from "./point-map.ts";

interface Observation {
  readonly attributes: Attributes;
  /** Of what is observed twice with the same attributes, the last counts. */
  value: number;
}

interface Reduced {
  readonly attributes: Attributes;
  readonly identity: string;
  readonly aggregation: Aggregation;
}

/** What a point said last time, and since when. */
interface Before {
  readonly startTime: HrTime;
  readonly value: number;
}

/**
 * What callbacks observe. They say anew for each collection what is so, and what they say no more is told no more. What
 * is observed is the sum since the beginning, so points that tell what came since are found by subtraction.
 */
export function observedStream(parts: StreamParts): MetricStream {
  const { delta, monotonic, limit, now } = parts;
  const before = new Map<string, Before>();
  let observed = observations();
  let collected = now();

  function remember(identity: string, point: Before): void {
    // Out and in again, so that what has not been observed for longest comes first and is forgotten first.
    before.delete(identity);
    before.set(identity, point);
    for (const oldest of before.keys()) {
      if (before.size <= limit + 1) return;
      before.delete(oldest);
    }
  }

  return {
    record: (value, attributes) => void (observed.at(attributes).value = value),
    collect(time) {
      const since = collected;
      collected = time;
      const reduced = reduce(observed, parts);
      observed = observations();
      return Array.from(reduced, ({ attributes, identity, aggregation }) => {
        const value = aggregation.value() as number;
        const last = before.get(identity);
        // What only grows and is less than before has begun anew.
        const goesOn = last !== undefined && !(monotonic && value < last.value);
        const startTime = goesOn && !delta ? last.startTime : since;
        remember(identity, { startTime, value });
        const told = goesOn && delta && monotonic ? value - last.value : value;
        return { attributes, startTime, endTime: time, value: told };
      });
    },
  };
}

function observations(): PointMap<Observation> {
  return pointMap({ limit: Infinity, make: (attributes) => ({ attributes, value: 0 }) });
}

/** Puts together what is not kept apart, by its attributes or by the limit. */
function reduce(observed: PointMap<Observation>, { aggregation, limit, keys }: StreamParts): Iterable<Reduced> {
  const points = pointMap<Reduced>({
    limit,
    keys,
    make: (attributes, identity) => ({ attributes, identity, aggregation: aggregation.start() }),
  });
  for (const { attributes, value } of observed.points()) points.at(attributes).aggregation.record(value);
  return points.points();
}

import type { RecordedMetrics, RecordedPoint } from "@otlpkit/otlp";
import type { Resource } from "../resource.ts";
import { attributesMember, listMember, nameMember, objectMember, textMember, wordMember } from "./member.ts";
import {
  exponentialHistogramValue,
  histogramValue,
  numberValue,
  type PlainExponentialHistogramPoint,
  type PlainHistogramPoint,
  type PlainNumberPoint,
  type PlainPoint,
  type PlainSummaryPoint,
  summaryValue,
} from "./plain-point.ts";
import { type PlainScope, scopeMember } from "./plain-scope.ts";
import { hrTime } from "./plain-time.ts";

/**
 * A metric as a plain object, for those who have counted themselves. It is its own point, or has `points`:
 *
 * ```ts
 * client.recordMetric({ name: "queue.length", kind: "gauge", value: queue.length });
 * client.recordMetric({ name: "requests", kind: "sum", unit: "{request}", points: [
 *   { value: 17, start: begun, attributes: { route: "/cart" } },
 *   { value: 3, start: begun, attributes: { route: "/pay" } },
 * ] });
 * ```
 */
export type PlainMetric = PlainGauge | PlainSum | PlainHistogram | PlainExponentialHistogram | PlainSummary;

/** What is so, at one moment: a temperature, the length of a queue. */
export type PlainGauge = Metric<"gauge", PlainNumberPoint> & Numbers;

/** What adds up. `monotonic` (default true): it only grows. */
export type PlainSum = Metric<"sum", PlainNumberPoint> & Numbers & Temporal & { readonly monotonic?: boolean };

/** How many values lay between which boundaries. */
export type PlainHistogram = Metric<"histogram", PlainHistogramPoint> & Temporal;

/** How many values lay between boundaries that grow exponentially. */
export type PlainExponentialHistogram = Metric<"exponential-histogram", PlainExponentialHistogramPoint> & Temporal;

/** Quantiles that somebody else computed. They can't be added up, so prefer a histogram. */
export type PlainSummary = Metric<"summary", PlainSummaryPoint>;

type Metric<Kind extends string, Point extends PlainPoint> = MetricFacts & { readonly kind: Kind } & (
    | Point
    | { readonly points: readonly Point[] }
  );

interface MetricFacts {
  /** "http.server.request.duration" */
  readonly name: string;
  /** UCUM: "s", "By", "{request}". Default: none. */
  readonly unit?: string;
  /** Default: none. */
  readonly description?: string;
  /** The library or module that made the metric: its name, or more. Default: not said. */
  readonly scope?: PlainScope;
}

interface Temporal {
  /**
   * "cumulative" (default): each point tells all since its `start`. "delta": only what came since the point before, whose
   * `time` is its `start`.
   */
  readonly temporality?: "cumulative" | "delta";
}

interface Numbers {
  /** "int": values are whole numbers, and go as such. Default "double". Keep to one for a metric. */
  readonly valueType?: "int" | "double";
}

/**
 * The plain metric in the shape that the encoder takes.
 *
 * @param now the clock for points without a time, ms since 1970.
 * @throws ExportError "invalid" that names the member that is missing or wrong. The client catches it: there it counts as
 * dropped with the reason `invalid`, and the `dropped` event carries the error.
 */
export function recordedMetric(metric: PlainMetric, resource: Resource, now: () => number = Date.now): RecordedMetrics {
  objectMember("metric", metric);
  const defaultTimeMs = now();
  const pointOf = (member: string, point: PlainPoint) => {
    const { time = defaultTimeMs, start = [0, 0], attributes } = objectMember(member, point);
    return {
      startTime: hrTime(`${member}.start`, start),
      endTime: hrTime(`${member}.time`, time),
      attributes: attributesMember(`${member}.attributes`, attributes),
      value: valueOf(metric, member, point),
    };
  };
  const recorded = {
    descriptor: {
      name: nameMember("metric.name", metric.name),
      unit: textMember("metric.unit", metric.unit),
      description: textMember("metric.description", metric.description),
      valueType: isWhole(metric) ? 0 : 1,
    },
    dataPointType: wordMember("metric.kind", metric.kind, dataPointTypes),
    aggregationTemporality: temporalityOf(metric),
    isMonotonic: metric.kind === "sum" && (metric.monotonic ?? true),
    dataPoints:
      "points" in metric
        ? listMember<PlainPoint>("metric.points", metric.points).map((point, index) =>
            pointOf(`metric.points[${index}]`, point),
          )
        : [pointOf("metric", metric)],
  };
  return { resource, scopeMetrics: [{ scope: scopeMember("metric.scope", metric.scope), metrics: [recorded] }] };
}

// The numbers of the OpenTelemetry SDK, which has no summary; 4 is ours.
const dataPointTypes = { histogram: 0, "exponential-histogram": 1, gauge: 2, sum: 3, summary: 4 } as const;
const temporalities = { delta: 0, cumulative: 1 } as const;
const valueTypes = { int: 0, double: 1 } as const;

function isWhole(metric: PlainMetric): boolean {
  if (metric.kind !== "gauge" && metric.kind !== "sum") return false;
  return wordMember("metric.valueType", metric.valueType ?? "double", valueTypes) === valueTypes.int;
}

function temporalityOf(metric: PlainMetric): number {
  const temporality = "temporality" in metric ? metric.temporality : undefined;
  return wordMember("metric.temporality", temporality ?? "cumulative", temporalities);
}

function valueOf(metric: PlainMetric, member: string, point: PlainPoint): RecordedPoint["value"] {
  switch (metric.kind) {
    case "gauge":
    case "sum":
      return numberValue(member, point as PlainNumberPoint, isWhole(metric));
    case "histogram":
      return histogramValue(member, point as PlainHistogramPoint);
    case "exponential-histogram":
      return exponentialHistogramValue(member, point as PlainExponentialHistogramPoint);
    default:
      return summaryValue(member, point as PlainSummaryPoint);
  }
}

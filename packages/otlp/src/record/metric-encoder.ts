import { ExportError } from "@otlpkit/core";
import { ExponentialHistogramPoint } from "./exponential-histogram-point.ts";
import { HistogramPoint } from "./histogram-point.ts";
import type { ItemFields } from "./item-fields.ts";
import { NumberPoint } from "./number-point.ts";
import type { OpenChunk } from "./open-chunk.ts";
import { type ItemWriter, type RecordEncoder, recordEncoder } from "./record-encoder.ts";
import type { RecordedMetric, RecordedMetrics, RecordedPoint } from "./recorded-metrics.ts";
import { SummaryPoint } from "./summary-point.ts";

/**
 * The encoder of metrics, to be used for all collections of a program: it remembers what they have in common. Its items
 * are data points.
 */
export function metricEncoder(): RecordEncoder<RecordedMetrics> {
  return recordEncoder("metrics", (fields) => new MetricWriter(fields));
}

/** The numbers that the SDK has for kinds of points; the summary, which it does not know, is ours. */
const kinds = { histogram: 0, exponentialHistogram: 1, gauge: 2, sum: 3, summary: 4 } as const;
/** For each of them the tag of the arm of Metric that holds the points. */
const armTags: readonly number[] = [0x4a, 0x52, 0x2a, 0x3a, 0x5a];

/** Writes metrics as children of ScopeMetrics, fields in the order of their numbers. */
class MetricWriter implements ItemWriter<RecordedMetrics> {
  readonly #fields: ItemFields;
  readonly #name;
  readonly #description;
  readonly #unit;
  readonly #number: NumberPoint;
  readonly #histogram: HistogramPoint;
  readonly #exponentialHistogram: ExponentialHistogramPoint;
  readonly #summary: SummaryPoint;
  // How many bytes the length of a metric and of a point took last time, which is what the next is given room for.
  #lengthSize = 2;
  #pointLengthSize = 1;

  constructor(fields: ItemFields) {
    this.#fields = fields;
    this.#name = fields.textField(0x0a);
    this.#description = fields.textField(0x12);
    this.#unit = fields.textField(0x1a);
    this.#number = new NumberPoint(fields);
    this.#histogram = new HistogramPoint(fields);
    this.#exponentialHistogram = new ExponentialHistogramPoint(fields);
    this.#summary = new SummaryPoint(fields);
  }

  add({ resource, scopeMetrics }: RecordedMetrics, chunk: OpenChunk): void {
    for (const { scope, metrics } of scopeMetrics) {
      for (const metric of metrics) {
        const points = metric.dataPoints.length;
        if (points > 0) chunk.append(chunk.scope(resource, scope), this.#metric(chunk.at, metric), points);
      }
    }
  }

  #metric(at: number, metric: RecordedMetric): number {
    const { output } = this.#fields;
    const { descriptor, dataPointType: kind, dataPoints } = metric;
    const armTag = armTags[kind];
    if (armTag === undefined) throw unusable("its dataPointType is none that is known");
    output.room(at);
    output.bytes[at] = 0x12;
    const reserved = this.#lengthSize;
    const start = at + 1 + reserved;
    let end = this.#name.write(start, descriptor.name);
    end = this.#description.write(end, descriptor.description);
    end = this.#unit.write(end, descriptor.unit);

    output.room(end);
    output.bytes[end] = armTag;
    const armStart = end + 1 + reserved;
    end = armStart;
    const isInteger = descriptor.valueType === 0;
    for (let index = 0; index < dataPoints.length; index++) {
      end = this.#point(end, kind, dataPoints[index] as RecordedPoint, isInteger);
    }
    output.room(end);
    if (kind !== kinds.gauge && kind !== kinds.summary) {
      output.bytes[end] = 0x10;
      output.bytes[end + 1] = temporality(metric);
      end += 2;
    }
    if (kind === kinds.sum && metric.isMonotonic === true) {
      output.bytes[end] = 0x18;
      output.bytes[end + 1] = 1;
      end += 2;
    }
    end = output.close(armStart, end, reserved);
    const closed = output.close(start, end, reserved);
    this.#lengthSize = reserved + closed - end;
    return closed;
  }

  #point(at: number, kind: number, point: RecordedPoint, isInteger: boolean): number {
    const { output } = this.#fields;
    output.room(at);
    output.bytes[at] = 0x0a;
    const reserved = this.#pointLengthSize;
    const start = at + 1 + reserved;
    const end = this.#value(start, kind, point, isInteger);
    const closed = output.close(start, end, reserved);
    this.#pointLengthSize = reserved + closed - end;
    return closed;
  }

  #value(at: number, kind: number, point: RecordedPoint, isInteger: boolean): number {
    switch (kind) {
      case kinds.histogram:
        return this.#histogram.write(at, point);
      case kinds.exponentialHistogram:
        return this.#exponentialHistogram.write(at, point);
      case kinds.summary:
        return this.#summary.write(at, point);
      default:
        return this.#number.write(at, point, isInteger);
    }
  }
}

/** Numbers on the wire are one more than those of the SDK, as 0 would not say anything, which is not allowed (M-30). */
function temporality({ aggregationTemporality: value }: RecordedMetric): number {
  if (value === 0 || value === 1) return value + 1;
  throw unusable("its aggregationTemporality is neither 0 (delta) nor 1 (cumulative)");
}

function unusable(why: string): ExportError {
  return new ExportError("invalid", `cannot encode a metric: ${why}`);
}

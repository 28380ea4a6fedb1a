import { type Batch, protobufBatch, type Signal } from "@otlpkit/core";
import { type ProtobufWriter, protobufWriter } from "./protobuf.ts";
import { writeResource, writeScope } from "./seeded/attributes.ts";
import { itemSource } from "./seeded/item-source.ts";
import { logRecordWriter } from "./seeded/log-records.ts";
import { metricWriter } from "./seeded/metric-points.ts";
import { spanWriter } from "./seeded/spans.ts";

/** The shape of one seeded batch. */
export interface SeededOptions {
  /** Spans, data points or log records. Default: 100. */
  readonly items?: number;
  /** Resources that they are spread over; those that would stay empty are left out. Default: 2. */
  readonly resources?: number;
  /** Scopes in each resource. Default: 2. */
  readonly scopes?: number;
}

/** Telemetry that looks real and is the same for the same seed. */
export interface Seeded {
  /** In place of `Math.random`. */
  random(): number;
  /** Spans of about 447 bytes, eight to a trace. */
  traces(options?: SeededOptions): Batch;
  /** Metrics of all five kinds, three data points each. */
  metrics(options?: SeededOptions): Batch;
  /** Log records with text and structured bodies. */
  logs(options?: SeededOptions): Batch;
}

const pointsPerMetric = 3;

/**
 * Makes telemetry from a seed, encoded canonically: fields in the order of their numbers, no default written. No two items
 * of one seed share an id (see {@link itemIds}), so that a {@link ledger} can tell them apart. The times begin at
 * `startTimeMs` (default 1.7e12, in November 2023), not now: the bytes depend on nothing but the arguments.
 */
export function seeded(seed: number, startTimeMs = 1_700_000_000_000): Seeded {
  const source = itemSource(seed, startTimeMs);
  const writeSpan = spanWriter(source);
  const writeMetric = metricWriter(source);
  const writeRecord = logRecordWriter(source);
  const each =
    (write: (to: ProtobufWriter) => void): WriteItems =>
    (to, items) => {
      for (let item = 0; item < items; item++) write(to);
    };
  return {
    random: () => source.random.next(),
    traces: (options) => request("traces", options, each(writeSpan)),
    metrics: (options) =>
      request("metrics", options, (to, items) => {
        for (let left = items; left > 0; left -= pointsPerMetric) writeMetric(to, Math.min(left, pointsPerMetric));
      }),
    logs: (options) => request("logs", options, each(writeRecord)),
  };
}

type WriteItems = (to: ProtobufWriter, items: number) => void;

function request(signal: Signal, options: SeededOptions = {}, write: WriteItems): Batch {
  const { items = 100, resources = 2, scopes = 2 } = options;
  const to = protobufWriter(64 + items * 512);
  let left = items;
  for (let resource = 0; resource < resources && left > 0; resource++) {
    let inResource = Math.ceil(left / (resources - resource));
    left -= inResource;
    to.message(1, () => {
      writeResource(to, resource);
      for (let scope = 0; scope < scopes && inResource > 0; scope++) {
        const inScope = Math.ceil(inResource / (scopes - scope));
        inResource -= inScope;
        to.message(2, () => {
          writeScope(to, scope);
          write(to, inScope);
        });
      }
      to.string(3, "https://opentelemetry.io/schemas/1.40.0");
    });
  }
  return protobufBatch(signal, to.finish(), items);
}

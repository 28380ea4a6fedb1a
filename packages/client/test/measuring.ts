// A meter provider in a time of its own, whose client keeps what it is given.
import type { Meter } from "@opentelemetry/api";
import type { RecordedMetric, RecordedMetrics, RecordedPoint } from "@otlpkit/otlp";
import { type FakeClock, fakeClock } from "@otlpkit/testkit";
import { type ClientMeterProvider, meterProvider } from "../src/api/metrics/meter-provider.ts";
import type { MeterProviderOptions } from "../src/api/metrics/meter-provider-options.ts";
import type { FlushReport } from "../src/otlp-client.ts";

export interface Measuring {
  readonly meter: Meter;
  readonly provider: ClientMeterProvider;
  readonly clock: FakeClock;
  /** What was handed to the client so far. */
  readonly collections: readonly RecordedMetrics[];
  /** How often the client was asked to flush and to close. */
  readonly calls: { flush: number; close: number };
  /** Lets a minute pass and gives the metrics of that collection by name. */
  readonly minute: () => Promise<Readonly<Record<string, RecordedMetric>>>;
}

/** When the clock begins, ms since 1970, and in the SDK's form. */
const beginMs = 1_700_000_000_000;
export const begin = [1_700_000_000, 0] as const;

/** So many seconds after the beginning. */
export function after(seconds: number): readonly [number, number] {
  return [begin[0] + seconds, 0];
}

export function measuring(options: Omit<MeterProviderOptions, "client"> = {}): Measuring {
  const clock = fakeClock(beginMs);
  const collections: RecordedMetrics[] = [];
  const calls = { flush: 0, close: 0 };
  const report = {} as FlushReport;
  const provider = meterProvider({
    client: {
      resource: { attributes: { "service.name": "shop" } },
      recordMetric: (metrics) => void collections.push(metrics as RecordedMetrics),
      flush() {
        calls.flush++;
        return Promise.resolve(report);
      },
      close() {
        calls.close++;
        return Promise.resolve(report);
      },
    },
    flushAtExit: false,
    now: () => clock.now(),
    setTimer: (run, delayMs) => clock.setTimer(run, delayMs),
    ...options,
  });
  return {
    meter: provider.getMeter("test", "1.0"),
    provider,
    clock,
    collections,
    calls,
    async minute() {
      const before = collections.length;
      await clock.advance(60_000);
      return Object.fromEntries(
        collections
          .slice(before)
          .flatMap(({ scopeMetrics }) => scopeMetrics)
          .flatMap(({ metrics }) => metrics)
          .map((metric) => [metric.descriptor.name, metric]),
      );
    },
  };
}

/** The points of a metric as attributes and value. */
export function told(metric: RecordedMetric | undefined): [RecordedPoint["attributes"], RecordedPoint["value"]][] {
  return (metric?.dataPoints ?? []).map(({ attributes, value }) => [attributes, value]);
}

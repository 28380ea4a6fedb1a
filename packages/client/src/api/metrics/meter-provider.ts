import { createNoopMeter, diag, type Meter, type MeterOptions, type MeterProvider } from "@opentelemetry/api";
import type { RecordedScope } from "@otlpkit/otlp";
import { platform } from "#platform";
import type { FlushOptions, FlushReport } from "../../otlp-client.ts";
import { hrTimeOfMs } from "../../plain/plain-time.ts";
import { warner } from "../../warner.ts";
import { atEnd } from "./at-end.ts";
import { type CollectedMeter, meter } from "./meter.ts";
import { type MeterProviderOptions, meterSettings } from "./meter-provider-options.ts";
import { regularly } from "./regularly.ts";

/** Gives out meters, as `MeterProvider` of the OpenTelemetry API. */
export interface ClientMeterProvider extends MeterProvider {
  /** Collects, sends and waits for the answers: `flush` of the client. Never rejects. */
  forceFlush(options?: FlushOptions): Promise<FlushReport>;
  /**
   * Collects for the last time, then closes the client. Never rejects. If other providers have the same client, shut this
   * one down before them.
   */
  shutdown(options?: FlushOptions): Promise<FlushReport>;
}

interface ScopedMeter extends CollectedMeter {
  readonly scope: RecordedScope;
}

/**
 * Makes meters of the OpenTelemetry API for programs without the SDK, and hands what they measured to the client at
 * regular intervals.
 *
 * ```ts
 * const client = createClient();
 * registerGlobals({ meterProvider: meterProvider({ client }) });
 * ```
 *
 * @throws RangeError for an option that makes no sense.
 */
export function meterProvider(options: MeterProviderOptions): ClientMeterProvider {
  const { client } = options;
  const warn = warner((warning) => diag.warn(warning));
  const settings = meterSettings(options);
  const { intervalMs, resource, setTimer } = settings;
  const now = () => hrTimeOfMs(settings.now());
  const meters = new Map<string, ScopedMeter>();
  let collecting = Promise.resolve();
  let busy = false;
  let closing: Promise<FlushReport> | undefined;

  async function collectOnce(timeoutMs: number): Promise<void> {
    busy = true;
    const all = [...meters.values()];
    await Promise.all(all.map((each) => each.observe(timeoutMs)));
    const time = now();
    const scopeMetrics = all
      .map(({ scope, collect }) => ({ scope, metrics: collect(time) }))
      .filter(({ metrics }) => metrics.length > 0);
    if (scopeMetrics.length > 0) client.recordMetric({ resource, scopeMetrics });
    busy = false;
  }

  /** One after the other: what is collected twice at a time would be told twice. */
  function collect(timeoutMs = settings.timeoutMs): Promise<void> {
    return (collecting = collecting.then(() => collectOnce(timeoutMs)));
  }

  /** Callbacks may take half of the time, so that there is some left to send what they say. */
  async function collectFirst(
    send: (options: FlushOptions) => Promise<FlushReport>,
    timeoutMs: number,
  ): Promise<FlushReport> {
    const began = settings.now();
    const release = platform.hold();
    try {
      await collect(Math.min(settings.timeoutMs, timeoutMs / 2));
    } finally {
      release();
    }
    return send({ timeoutMs: Math.max(0, timeoutMs - (settings.now() - began)) });
  }

  // While callbacks of the last time still take theirs, one time is left out.
  const stop = regularly(() => void (busy || collect()), intervalMs, setTimer);

  const stopWatching = settings.flushAtExit
    ? atEnd(() => collectFirst((rest) => client.flush(rest), 10_000), setTimer)
    : () => {};

  function shutdown({ timeoutMs = 10_000 }: FlushOptions): Promise<FlushReport> {
    stop();
    stopWatching();
    return collectFirst((rest) => client.close(rest), timeoutMs);
  }

  return {
    getMeter(name: string, version?: string, { schemaUrl }: MeterOptions = {}): Meter {
      if (closing !== undefined) return createNoopMeter();
      if (!name) warn("a meter without a name was asked for; give it that of your package");
      const key = JSON.stringify([name, version, schemaUrl]);
      const known = meters.get(key);
      if (known !== undefined) return known.meter;
      const made = { scope: { name: name || "", version, schemaUrl }, ...meter({ ...settings, now, warn }) };
      meters.set(key, made);
      return made.meter;
    },
    forceFlush(flushOptions = {}) {
      if (closing !== undefined) return client.flush(flushOptions);
      return collectFirst((rest) => client.flush(rest), flushOptions.timeoutMs ?? 30_000);
    },
    shutdown: (flushOptions = {}) => (closing ??= shutdown(flushOptions)),
  };
}

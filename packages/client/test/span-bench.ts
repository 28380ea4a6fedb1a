import { diag, DiagLogLevel, type Tracer } from "@opentelemetry/api";
import type { RecordedSpan } from "@otlpkit/otlp";
import { type ClientTracerProvider, tracerProvider, type TracerProviderOptions } from "../src/api/index.ts";

/** A tracer whose spans end in a list, and whose clocks stand still until they are set. */
export interface SpanBench {
  readonly tracer: Tracer;
  readonly provider: ClientTracerProvider;
  /** What was recorded, in the order of its ends. */
  readonly spans: RecordedSpan[];
  /** The wall clock, ms since 1970, and the monotonic one, ms. */
  readonly clock: { wallMs: number; monotonicMs: number };
}

export const startedAt = 1_700_000_000_000;

export function spanBench(options: Partial<TracerProviderOptions> = {}): SpanBench {
  const spans: RecordedSpan[] = [];
  const clock = { wallMs: startedAt, monotonicMs: 5000 };
  const nothing = Promise.resolve({ failed: 0, left: 0 });
  const provider = tracerProvider({
    client: {
      resource: { attributes: { "service.name": "shop" } },
      recordSpan: (span) => void spans.push(span as RecordedSpan),
      flush: () => nothing,
      close: () => nothing,
    },
    now: () => clock.wallMs,
    monotonic: () => clock.monotonicMs,
    ...options,
  });
  return { tracer: provider.getTracer("test", "1.2.3"), provider, spans, clock };
}

/** What is said to the diagnostic logger of the API from now on, until `diag.disable()`. */
export function saidWarnings(): string[] {
  const said: string[] = [];
  const ignore = (): void => {};
  const note = (message: string): void => void said.push(message);
  diag.setLogger({ warn: note, error: note, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  return said;
}

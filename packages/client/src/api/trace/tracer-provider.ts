import { diag, type Sampler, type Tracer, type TracerOptions, type TracerProvider } from "@opentelemetry/api";
import type { RecordedScope, RecordedSpan } from "@otlpkit/otlp";
import type { FlushOptions, FlushReport, OtlpClient } from "../../otlp-client.ts";
import type { Resource } from "../../resource.ts";
import { alwaysOn } from "../sampling/always.ts";
import { parentBased } from "../sampling/parent-based.ts";
import { type IdGenerator, randomIds } from "./ids.ts";
import { type SpanClock, spanClock } from "./span-clock.ts";
import { type SpanLimits, spanLimits } from "./span-limits.ts";
import { tracer } from "./tracer.ts";

/** What a tracer provider needs of a client. */
export type SpanClient = Pick<OtlpClient, "resource" | "recordSpan" | "flush" | "close">;

/** How spans are made. Only `client` is needed. */
export interface TracerProviderOptions {
  /** Carries the spans away. */
  readonly client: SpanClient;
  /** Whose spans they are. Default: the resource of the client. */
  readonly resource?: Resource;
  /** Which spans are recorded; those made for the OpenTelemetry SDK fit. Default: all, unless the parent was not (`parentBased({ root: alwaysOn() })`). */
  readonly sampler?: Sampler;
  /** How much a span may hold. */
  readonly limits?: SpanLimits;
  /** Makes ids; those made for the OpenTelemetry SDK fit. Default: random ones. */
  readonly idGenerator?: IdGenerator;
  /** For tests. The wall clock, ms since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** For tests. A clock that only goes forward, ms. Default `performance.now`. */
  readonly monotonic?: () => number;
  /** For tests. From 0 to below 1; makes the ids. Default: the secure random numbers of the machine. */
  readonly random?: () => number;
}

/** Gives out tracers, as `TracerProvider` of the OpenTelemetry API, and ends with its client. */
export interface ClientTracerProvider extends TracerProvider {
  /** Sends what has ended and waits for the answers: `flush` of the client. Never rejects. */
  forceFlush(options?: FlushOptions): Promise<FlushReport>;
  /** Sends what has ended, then closes the client. Never rejects. */
  shutdown(options?: FlushOptions): Promise<FlushReport>;
}

/**
 * Makes tracers of the OpenTelemetry API for programs without the SDK. A span is encoded when it ends, so nothing of it is
 * kept but the bytes.
 *
 * ```ts
 * const client = createClient({ endpoint: "http://localhost:4318" });
 * registerGlobals({ tracerProvider: tracerProvider({ client }) });
 * ```
 *
 * @throws RangeError for limits that are no numbers.
 */
export function tracerProvider(options: TracerProviderOptions): ClientTracerProvider {
  const { client, resource = client.resource, sampler = parentBased({ root: alwaysOn() }), random } = options;
  const shared = {
    resource,
    sampler,
    limits: spanLimits(options.limits),
    ids: options.idGenerator ?? randomIds(random && ((bytes) => bytes.set(bytes.map(() => random() * 256)))),
    clock: clockOf(options),
    record: (span: RecordedSpan) => client.recordSpan(span),
  };
  const tracers = new Map<string, Tracer>();

  return {
    getTracer(name: string, version?: string, { schemaUrl }: TracerOptions = {}): Tracer {
      if (!name) diag.warn("a tracer without a name was asked for; give it that of your package");
      const key = JSON.stringify([name, version, schemaUrl]);
      const known = tracers.get(key);
      if (known !== undefined) return known;
      const scope: RecordedScope = { name: name || "", version, schemaUrl };
      const made = tracer({ ...shared, scope });
      tracers.set(key, made);
      return made;
    },
    forceFlush: (flushOptions) => client.flush(flushOptions),
    shutdown: (flushOptions) => client.close(flushOptions),
  };
}

function clockOf({ now = Date.now, monotonic }: TracerProviderOptions): SpanClock {
  // Kept, as looking up the global takes as long as asking it.
  const machine = performance;
  if (monotonic !== undefined || now !== Date.now)
    return spanClock({ now, monotonic: monotonic ?? (() => machine.now()) });
  return spanClock({ now, monotonic: () => machine.now(), timeOrigin: machine.timeOrigin });
}

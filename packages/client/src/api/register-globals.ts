import * as api from "@opentelemetry/api";
import type { ContextManager, MeterProvider, TextMapPropagator, TracerProvider } from "@opentelemetry/api";
import { contextManager } from "#context";
import { baggagePropagator } from "./propagation/baggage-propagator.ts";
import { compositePropagator } from "./propagation/composite-propagator.ts";
import { traceContextPropagator } from "./propagation/trace-context-propagator.ts";

/** What the OpenTelemetry API is to use. What is left out and has no default stays as it is. */
export interface Globals {
  readonly tracerProvider?: TracerProvider;
  readonly meterProvider?: MeterProvider;
  /** A `LoggerProvider` of the API. Needs `@opentelemetry/api` 1.10, as earlier versions have none. */
  readonly loggerProvider?: { getLogger(name: string, version?: string): unknown };
  /** Default: follows promises, timers and callbacks in Node; lasts as long as a function runs in browsers. */
  readonly contextManager?: ContextManager;
  /** Default: W3C Trace Context and Baggage. */
  readonly propagator?: TextMapPropagator;
}

/**
 * Makes these the ones that all libraries of the program find through the OpenTelemetry API. One that is there already
 * stays, and the API complains to its `diag` logger.
 *
 * @returns what undoes it, for tests and orderly ends: takes away what this call has put there.
 * @throws RangeError for a logger provider when the API is too old to have any.
 */
export function registerGlobals(globals: Globals): () => void {
  const { tracerProvider, meterProvider, loggerProvider } = globals;
  const { contextManager: contexts = contextManager(), propagator = w3cPropagator() } = globals;
  const logs = (api as { readonly logs?: GlobalLogs }).logs;
  if (loggerProvider !== undefined && logs === undefined) {
    throw new RangeError("cannot register a logger provider: update @opentelemetry/api to 1.10 or later");
  }
  const placed: { disable(): void }[] = [];
  const note = (done: boolean, place: { disable(): void }): void => void (done && placed.push(place));

  note(api.context.setGlobalContextManager(contexts.enable()), api.context);
  note(api.propagation.setGlobalPropagator(propagator), api.propagation);
  if (tracerProvider !== undefined) note(api.trace.setGlobalTracerProvider(tracerProvider), api.trace);
  if (meterProvider !== undefined) note(api.metrics.setGlobalMeterProvider(meterProvider), api.metrics);
  if (loggerProvider !== undefined && logs !== undefined) note(logs.setGlobalLoggerProvider(loggerProvider), logs);
  return () => {
    for (const place of placed.splice(0)) place.disable();
  };
}

interface GlobalLogs {
  setGlobalLoggerProvider(provider: object): boolean;
  disable(): void;
}

/** What carries trace and baggage from process to process when nobody says otherwise. */
function w3cPropagator(): TextMapPropagator {
  return compositePropagator(traceContextPropagator(), baggagePropagator());
}

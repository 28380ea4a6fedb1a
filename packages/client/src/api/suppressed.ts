import { type Context, createContextKey } from "@opentelemetry/api";

/** The key by which the OpenTelemetry SDK and its instrumentations say that what happens here is not to be traced. */
const key: symbol = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** Exports run in such a context, lest they trace themselves for ever. */
export function isSuppressed(context: Context): boolean {
  return context.getValue(key) === true;
}

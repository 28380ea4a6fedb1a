// Traces with @otlpkit/client through an earlier OpenTelemetry API, and prints what was recorded. The word of the command
// line: "same", and the client gets the API of the program, as it does where people install both (OTLPKIT_API may name the
// main file of yet another version); or "two", and it keeps its own, later one, as happens where there are two copies.
// A test of the client starts it.
import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as api from "@opentelemetry/api";

const same = process.argv[2] === "same";
if (same) {
  const older = process.env.OTLPKIT_API ?? fileURLToPath(import.meta.resolve("@opentelemetry/api"));
  registerHooks({
    resolve: (name, from, next) =>
      name === "@opentelemetry/api" ? { url: pathToFileURL(older).href, shortCircuit: true } : next(name, from),
  });
}
const program = same ? await import("@opentelemetry/api") : api;
const { registerGlobals, tracerProvider } = await import("@otlpkit/client/api");

const { context, propagation, trace } = program;
// One that is asked for before anybody is registered works later, unless the API is there twice.
const early = same ? trace.getTracer("early") : undefined;
const spans = [];
const client = { resource: { attributes: {} }, recordSpan: (span) => void spans.push(span) };
const undo = registerGlobals({ tracerProvider: tracerProvider({ client }) });

const headers = {};
const incoming = { traceparent: "00-12345678901234567890123456789012-1234567890123456-03", baggage: "user=alice" };
await context.with(propagation.extract(context.active(), incoming), () =>
  (early ?? trace.getTracer("early")).startActiveSpan("parent", async (parent) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    trace.getTracer("late", "1.0").startSpan("child", { kind: program.SpanKind.CLIENT }).addEvent("event").end();
    propagation.inject(context.active(), headers);
    parent.setStatus({ code: program.SpanStatusCode.ERROR, message: "no" });
    parent.recordException(new Error("no"));
    parent.end();
  }),
);
undo();
const [child, parent] = spans;
console.log(
  JSON.stringify({
    names: spans.map(({ name }) => name),
    trace: parent.spanContext().traceId,
    nested: child.parentSpanContext.spanId === parent.spanContext().spanId,
    sent: headers.traceparent === `00-${parent.spanContext().traceId}-${parent.spanContext().spanId}-03`,
    baggage: headers.baggage,
    after: trace.getTracer("gone").startSpan("none").isRecording(),
  }),
);

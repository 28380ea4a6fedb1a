// Runs the same programs on the tracer of @otlpkit/client and on that of the OpenTelemetry SDK, and fails where what comes
// out is not the same. A test of the client starts it.
import assert from "node:assert/strict";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { registerGlobals, traceIdRatioBased, tracerProvider } from "@otlpkit/client/api";
import fc from "fast-check";

const limits = {
  attributeCountLimit: 4,
  attributeValueLengthLimit: 5,
  eventCountLimit: 3,
  linkCountLimit: 2,
  attributePerEventCountLimit: 2,
  attributePerLinkCountLimit: 1,
};

/** The spans of a program, by the SDK and by us. */
function both(program, spanLimits = {}) {
  const exporter = new InMemorySpanExporter();
  const official = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })], spanLimits });
  const ours = [];
  const client = { resource: { attributes: {} }, recordSpan: (span) => void ours.push(span) };
  const provider = tracerProvider({ client, limits: spanLimits });
  program(official.getTracer("lib", "1.0", { schemaUrl: "https://s" }));
  program(provider.getTracer("lib", "1.0", { schemaUrl: "https://s" }));
  return { official: told(exporter.getFinishedSpans()), ours: told(ours) };
}

/** What spans say, with ids numbered as they come, as they are random. */
function told(spans) {
  const numbers = new Map();
  const number = (id) => numbers.get(id) ?? numbers.set(id, numbers.size).size - 1;
  // The SDK does not say that its ids are random, so of the flags only the first is compared.
  const named = ({ traceId, spanId, traceFlags, traceState, isRemote }) => [
    number(traceId),
    number(spanId),
    traceFlags & 1,
    traceState?.serialize(),
    isRemote,
  ];
  return spans.map((span) => {
    return {
      context: named(span.spanContext()),
      parent: span.parentSpanContext && named(span.parentSpanContext),
      scope: { ...span.instrumentationScope },
      name: span.name,
      kind: span.kind,
      status: { ...span.status },
      startTime: span.startTime,
      endTime: span.endTime,
      attributes: { ...span.attributes },
      events: span.events.map(({ name, time, attributes }) => ({ name, time, attributes: { ...attributes } })),
      links: span.links.map(({ context, attributes }) => ({ context: named(context), attributes: { ...attributes } })),
      dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
    };
  });
}

const at = (second) => [1_700_000_000 + second, second * 7];
const remote = {
  traceId: "12345678901234567890123456789012",
  spanId: "1234567890123456",
  traceFlags: 1,
  isRemote: true,
};

/** What a service does. */
function service(tracer) {
  const serving = { kind: SpanKind.SERVER, startTime: at(0), attributes: { a: 1, b: ["x"], c: null, d: { e: [1] } } };
  tracer.startActiveSpan("serve", serving, trace.setSpanContext(ROOT_CONTEXT, remote), (serve) => {
    serve.addEvent("one", { a: 1 }, at(1)).addEvent("two", at(2)).setAttributes({ d: true, e: 1.5 });
    tracer.startActiveSpan("query", { kind: SpanKind.CLIENT, startTime: at(1) }, (query) => {
      query.recordException(Object.assign(new TypeError("no"), { stack: "the stack" }), at(2));
      query.recordException("just a text", at(2));
      query.setStatus({ code: SpanStatusCode.ERROR, message: "no" }).updateName("SELECT").end(at(3));
      query.setAttribute("late", 1).end(at(9));
    });
    const links = [{ context: serve.spanContext() }];
    tracer.startSpan("alone", { root: true, startTime: at(3), links }).end(at(4));
    tracer.startSpan("backwards", { startTime: at(3) }).end(at(2));
    serve
      .setStatus({ code: SpanStatusCode.OK, message: "unused" })
      .setStatus({ code: SpanStatusCode.ERROR })
      .end(at(5));
  });
  tracer.startSpan("not sampled", {}, trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: 0 })).end();
}

const keys = fc.constantFrom("a", "b", "c", "d", "e", "f", "constructor");
const texts = fc.string({ unit: "grapheme-ascii", maxLength: 8 });
const values = fc.oneof(texts, fc.double(), fc.boolean(), fc.array(texts, { maxLength: 3 }), fc.constant(undefined));
const attributes = fc.dictionary(keys, values, { noNullPrototype: true });
const moments = fc.nat(59).map(at);
const links = attributes.map((given) => ({ context: remote, attributes: given }));
const options = fc.record(
  { attributes, links: fc.array(links, { maxLength: 4 }), kind: fc.constantFrom(0, 1, 2, 3, 4) },
  { requiredKeys: [] },
);
const statuses = fc.record({ code: fc.constantFrom(0, 1, 2), message: texts }, { requiredKeys: ["code"] });
const words = texts.filter((text) => text !== "");
const exceptions = fc.oneof(words, fc.record({ message: words, name: texts, code: fc.oneof(texts, fc.nat(20)) }));
/** Something that a program does to a span. */
const steps = fc.oneof(
  fc.tuple(keys, values).map(
    ([key, value]) =>
      (span) =>
        span.setAttribute(key, value),
  ),
  attributes.map((given) => (span) => span.setAttributes(given)),
  fc.tuple(texts, attributes, moments).map(
    ([name, given, time]) =>
      (span) =>
        span.addEvent(name, given, time),
  ),
  fc.tuple(texts, moments).map(
    ([name, time]) =>
      (span) =>
        span.addEvent(name, time),
  ),
  links.map((link) => (span) => span.addLink(link)),
  statuses.map((status) => (span) => span.setStatus(status)),
  texts.map((name) => (span) => span.updateName(name)),
  fc.tuple(exceptions, moments).map(
    ([exception, time]) =>
      (span) =>
        span.recordException(exception, time),
  ),
);

const unregister = registerGlobals({});

const { official, ours } = both(service);
assert.equal(official.length, 4);
assert.deepEqual(ours, official);

fc.assert(
  fc.property(options, fc.array(steps, { maxLength: 20 }), (startedWith, program) => {
    const spans = both((tracer) => {
      const span = tracer.startSpan("work", { ...startedWith, startTime: at(0) }, ROOT_CONTEXT);
      for (const step of program) step(span);
      span.end(at(60));
    }, limits);
    assert.deepEqual(spans.ours, spans.official);
  }),
  { numRuns: 1000 },
);

const ids = fc.stringMatching(/^[0-9a-f]{32}$/).filter((id) => !/^0+$/.test(id));
fc.assert(
  fc.property(ids, fc.double({ min: 0, max: 1, noNaN: true }), (traceId, ratio) => {
    const expected = new TraceIdRatioBasedSampler(ratio).shouldSample(ROOT_CONTEXT, traceId).decision;
    const { decision } = traceIdRatioBased(ratio).shouldSample(ROOT_CONTEXT, traceId, "", 0, {}, []);
    assert.equal(decision, expected);
  }),
  { numRuns: 1000 },
);

unregister();
console.log("same");

// Services as people write them: HTTP and its headers, asynchronous work, an error, a queue. What they say must arrive at
// a backend, whole and in its place.
import { once } from "node:events";
import { createServer, get, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as later } from "node:timers/promises";
import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { type AnyValue, decode, type KeyValue, type ResourceSpans, type Span } from "@otlpkit/otlp";
import { type Backend, httpBackend } from "@otlpkit/testkit/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient, type OtlpClient } from "../index.ts";
import { parentBased, probability, registerGlobals, type TracerProviderOptions, tracerProvider } from "./index.ts";

let backend: Backend;
let client: OtlpClient;
const cleanUp: (() => unknown)[] = [];

beforeEach(async () => {
  backend = await httpBackend();
  client = createClient({ endpoint: backend.url, environment: false, resource: { "service.name": "shop" } });
  cleanUp.push(
    () => client.close(),
    () => backend.close(),
  );
});

afterEach(async () => {
  for (const each of cleanUp.splice(0)) await each();
});

function startTracing(options: Partial<TracerProviderOptions> = {}): void {
  cleanUp.unshift(registerGlobals({ tracerProvider: tracerProvider({ client, ...options }) }));
}

async function arrived(): Promise<ResourceSpans[]> {
  expect(await client.flush()).toEqual({ failed: 0, left: 0 });
  return backend.requests.flatMap(({ body }) => decode("traces", body).resourceSpans ?? []);
}

/** By name. */
async function arrivedSpans(): Promise<ReadonlyMap<string, Span>> {
  const scopes = (await arrived()).flatMap(({ scopeSpans }) => scopeSpans ?? []);
  return new Map(scopes.flatMap(({ spans }) => spans ?? []).map((span) => [span.name ?? "", span]));
}

function plain({ stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue }: AnyValue): unknown {
  if (arrayValue) return (arrayValue.values ?? []).map(plain);
  if (kvlistValue) return plainAttributes(kvlistValue.values);
  return stringValue ?? boolValue ?? (intValue === undefined ? doubleValue : Number(intValue));
}

function plainAttributes(attributes: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value ?? {})]));
}

async function serve(handle: RequestListener): Promise<string> {
  const server: Server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.unshift(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function request(url: string): Promise<number | undefined> {
  const headers = {};
  propagation.inject(context.active(), headers);
  const [response] = (await once(get(url, { headers, agent: false }), "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode;
}

describe("what services say through the API", () => {
  it("arrives as one trace over processes, timers and headers", async () => {
    startTracing();
    const tracer = trace.getTracer("shop", "1.4.0");

    const stock = await serve((incoming, answer) => {
      const from = propagation.extract(context.active(), incoming.headers);
      tracer.startActiveSpan("GET /stock", { kind: SpanKind.SERVER }, from, (span) => {
        const user = propagation.getActiveBaggage()?.getEntry("user")?.value;
        context.bind(context.active(), answer).on("finish", () => {
          trace.getActiveSpan()?.addEvent("answered");
          span.end();
        });
        void later(5).then(() => {
          tracer.startSpan("look it up").end();
          trace.getActiveSpan()?.setAttribute("user", user ?? "nobody");
          span.recordException(new RangeError("none left"));
          span.setStatus({ code: SpanStatusCode.ERROR, message: "sold out" });
          answer.writeHead(409).end();
        });
      });
    });

    await tracer.startActiveSpan("checkout", { attributes: { items: 3, total: 7.5, vip: true } }, async (checkout) => {
      const baggage = propagation.createBaggage({ user: { value: "Amélie" } });
      await context.with(propagation.setBaggage(context.active(), baggage), () =>
        tracer.startActiveSpan("call stock", { kind: SpanKind.CLIENT }, async (call) => {
          call.setAttribute("http.response.status_code", await request(stock)).end();
        }),
      );
      tracer
        .startSpan("send mail", { kind: SpanKind.PRODUCER, root: true, links: [{ context: checkout.spanContext() }] })
        .end();
      checkout.updateName("checkout sold out").end();
    });

    const spans = await arrivedSpans();
    const at = (name: string): Span => spans.get(name) ?? expect.fail(`no span "${name}"`);
    const [checkout, call, serving, lookup] = ["checkout sold out", "call stock", "GET /stock", "look it up"].map(at);
    const mail = at("send mail");
    expect(spans.size).toBe(5);

    expect([call, serving, lookup].map((span) => span?.traceId)).toEqual(Array(3).fill(checkout?.traceId));
    expect([call, serving, lookup].map((span) => span?.parentSpanId)).toEqual(
      [checkout, call, serving].map((span) => span?.spanId),
    );
    expect(checkout?.parentSpanId).toBeUndefined();
    // Sampled, random, whether the parent is in another process is known, and it is.
    expect([checkout, call, serving, lookup].map((span) => span?.flags)).toEqual([0x103, 0x103, 0x303, 0x103]);
    expect([checkout, call, serving, lookup, mail].map((span) => span?.kind)).toEqual([1, 3, 2, 1, 4]);

    expect(plainAttributes(checkout?.attributes)).toEqual({ items: 3, total: 7.5, vip: true });
    expect(plainAttributes(call?.attributes)).toEqual({ "http.response.status_code": 409 });
    expect(plainAttributes(serving?.attributes)).toEqual({ user: "Amélie" });
    expect(serving?.status).toEqual({ code: 2, message: "sold out" });
    expect(serving?.events?.map(({ name }) => name)).toEqual(["exception", "answered"]);
    expect(plainAttributes(serving?.events?.[0]?.attributes)).toMatchObject({
      "exception.type": "RangeError",
      "exception.message": "none left",
    });
    expect(mail.traceId).not.toEqual(checkout?.traceId);
    expect(mail.links).toEqual([{ traceId: checkout?.traceId, spanId: checkout?.spanId, flags: 0x103 }]);

    const within = (inner?: Span, outer?: Span): boolean =>
      (inner?.startTimeUnixNano ?? 0n) >= (outer?.startTimeUnixNano ?? 0n) &&
      (inner?.endTimeUnixNano ?? 0n) <= (outer?.endTimeUnixNano ?? 0n);
    expect([within(call, checkout), within(lookup, serving)]).toEqual([true, true]);
  });

  it("arrives with its resource and scope", async () => {
    startTracing();
    trace.getTracerProvider().getTracer("shop", "1.4.0", { schemaUrl: "https://a" }).startSpan("a").end();
    trace.getTracer("other").startSpan("b").end();
    const [resource, ...others] = await arrived();
    expect(others).toEqual([]);
    expect(plainAttributes(resource?.resource?.attributes)).toMatchObject({ "service.name": "shop" });
    expect(resource?.scopeSpans?.map(({ scope, schemaUrl }) => ({ ...scope, schemaUrl }))).toEqual([
      { name: "shop", version: "1.4.0", schemaUrl: "https://a" },
      { name: "other", schemaUrl: undefined },
    ]);
  });

  it("arrives only for traces that were sampled, and says how many each stands for", async () => {
    startTracing({ sampler: parentBased({ root: probability(0.25) }) });
    const tracer = trace.getTracer("shop");
    let kept = 0;
    for (let times = 0; times < 400; times++) {
      tracer.startActiveSpan("root", (root) => {
        if (root.isRecording()) kept++;
        tracer.startSpan("child").end();
        root.end();
      });
    }
    const spans = (await arrived())
      .flatMap(({ scopeSpans }) => scopeSpans ?? [])
      .flatMap(({ spans: all }) => all ?? []);
    expect(spans).toHaveLength(2 * kept);
    expect(kept).toBeGreaterThan(50);
    expect(new Set(spans.map(({ traceState }) => traceState))).toEqual(new Set(["ot=th:c"]));
    expect(client.counters("traces")).toMatchObject({ accepted: 2 * kept, delivered: 2 * kept });
  });

  it("arrives before the provider has shut down, and nothing after", async () => {
    const provider = tracerProvider({ client });
    const tracer = provider.getTracer("shop");
    tracer.startSpan("before").end();
    expect(await provider.shutdown()).toEqual({ failed: 0, left: 0 });
    tracer.startSpan("after").end();
    expect(client.counters("traces")).toMatchObject({ accepted: 2, delivered: 1, dropped: { closed: 1 } });
    expect(backend.requests).toHaveLength(1);
  });
});

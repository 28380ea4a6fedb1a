// Ways for a program to make spans and get them to an endpoint: ours and today's.
import { SpanKind, type Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NoopSpanProcessor, type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { createClient } from "@otlpkit/client";
import { tracerProvider } from "@otlpkit/client/api";
import { OtlpSpanProcessor } from "@otlpkit/client/sdk";
import { attributesOf, below, nameOf, resource } from "./sdk-fixtures.ts";

/** A program's tracer, and the end of its telemetry. */
export interface Traced {
  readonly tracer: Tracer;
  /** Resolves when everything has been delivered. */
  flush(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** All with the defaults of their makers, but for room for what a benchmark holds back on purpose. */
export const ways: Readonly<Record<string, (url: string) => Traced>> = {
  "our tracer": (url) => {
    const client = createClient({ endpoint: url, environment: false, resource: resource.attributes });
    return {
      tracer: tracerProvider({ client }).getTracer("@opentelemetry/instrumentation-http", "0.52.0"),
      flush: () => client.flush(),
      close: () => client.close(),
    };
  },
  "our processor": (url) => sdk(new OtlpSpanProcessor({ endpoint: url, environment: false })),
  official: (url) => sdk(new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${url}/v1/traces` }) })),
  "official with room": (url) =>
    sdk(
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${url}/v1/traces` }),
        maxQueueSize: 1_000_000,
      }),
    ),
  "SDK alone": () => sdk(new NoopSpanProcessor()),
};

function sdk(processor: SpanProcessor): Traced {
  const provider = new TracerProvider({ resource, spanProcessors: [processor] });
  return {
    tracer: provider.getTracer("@opentelemetry/instrumentation-http", "0.52.0"),
    flush: () => provider.forceFlush(),
    close: () => provider.shutdown(),
  };
}

/** What spans are made of, made before the clock runs; used in turn. */
function material(count: number): readonly { name: string; attributes: ReturnType<typeof attributesOf> }[] {
  const random = below(20_261_131);
  return Array.from({ length: count }, () => ({ name: nameOf(random), attributes: attributesOf(random) }));
}

/** A function that makes one span with nine attributes and an event, from begin to end. */
export function spanMaker(tracer: Tracer): () => void {
  const made = material(4096);
  let next = 0;
  return () => {
    const { name, attributes } = made[next++ & 4095] as (typeof made)[number];
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes });
    span.addEvent("message", { "message.type": "SENT", "message.id": next });
    span.end();
  };
}

import { randomBytes } from "node:crypto";

type Attributes = Readonly<Record<string, unknown>>;
type HrTime = [number, number];

/** A span as the OpenTelemetry SDK hands it to processors and exporters. */
export interface SdkSpan {
  readonly name: string;
  readonly kind: number;
  spanContext(): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly duration: HrTime;
  readonly ended: boolean;
  readonly status: { readonly code: 0 };
  readonly attributes: Attributes;
  readonly links: [];
  readonly events: [];
  readonly droppedAttributesCount: 0;
  readonly droppedEventsCount: 0;
  readonly droppedLinksCount: 0;
  readonly resource: typeof resource;
  readonly instrumentationScope: typeof scope;
}

/** A log record as the OpenTelemetry SDK hands it on. */
export interface SdkLog {
  readonly hrTime: HrTime;
  readonly hrTimeObserved: HrTime;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: 0;
  readonly resource: typeof resource;
  readonly instrumentationScope: typeof scope;
}

/** What a metric reader of the OpenTelemetry SDK collects: one counter with some points. */
export interface SdkMetrics {
  readonly resource: typeof resource;
  readonly scopeMetrics: readonly [{ readonly scope: typeof scope; readonly metrics: readonly [SdkCounter] }];
}

interface SdkCounter {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly type: "COUNTER";
    readonly valueType: 0;
  };
  readonly aggregationTemporality: 1;
  readonly dataPointType: 3;
  readonly isMonotonic: true;
  readonly dataPoints: readonly {
    readonly startTime: HrTime;
    readonly endTime: HrTime;
    readonly attributes: Attributes;
    readonly value: number;
  }[];
}

/** Items of one signal in the SDK's shape, with the ids by which the backend knows them again. */
export type Items =
  | { readonly signal: "traces"; readonly ids: readonly string[]; readonly objects: readonly SdkSpan[] }
  | { readonly signal: "logs"; readonly ids: readonly string[]; readonly objects: readonly SdkLog[] }
  | { readonly signal: "metrics"; readonly ids: readonly string[]; readonly objects: readonly SdkMetrics[] };

const resource = { attributes: { "service.name": "scenarios" } as Attributes, asyncAttributesPending: false };
const scope = { name: "scenarios", version: "1.0.0" };
const time: HrTime = [1_800_000_000, 123_456_789];
/** The attribute that the backend reads ids from where an item has none of its own. */
const idAttribute = "otlpkit.item";

const usualAttributes: Attributes = { "http.request.method": "GET", "url.path": "/cart" };

/** What differs from an ordinary span. */
export interface SpanTraits {
  readonly sampled?: boolean;
  readonly attributes?: Attributes;
}

export function spans(count: number, { sampled = true, attributes = usualAttributes }: SpanTraits = {}): Items {
  const ids = newIds(count);
  const objects = ids.map((spanId, index): SdkSpan => {
    const context = { traceId: randomBytes(16).toString("hex"), spanId, traceFlags: sampled ? 1 : 0 };
    return {
      name: `operation ${index}`,
      kind: 2,
      spanContext: () => context,
      startTime: time,
      endTime: time,
      duration: [0, 0],
      ended: true,
      status: { code: 0 },
      attributes,
      links: [],
      events: [],
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
      resource,
      instrumentationScope: scope,
    };
  });
  return { signal: "traces", ids, objects };
}

export function logs(count: number, body = "something happened"): Items {
  const ids = newIds(count);
  const objects = ids.map((id): SdkLog => ({
    hrTime: time,
    hrTimeObserved: time,
    severityNumber: 9,
    severityText: "INFO",
    body,
    attributes: { [idAttribute]: id },
    droppedAttributesCount: 0,
    resource,
    instrumentationScope: scope,
  }));
  return { signal: "logs", ids, objects };
}

/** One metric with so many points. */
export function points(count: number): Items {
  const ids = newIds(count);
  const counter: SdkCounter = {
    descriptor: { name: "requests", description: "", unit: "{request}", type: "COUNTER", valueType: 0 },
    aggregationTemporality: 1,
    dataPointType: 3,
    isMonotonic: true,
    dataPoints: ids.map((id) => ({ startTime: time, endTime: time, attributes: { [idAttribute]: id }, value: 1 })),
  };
  return { signal: "metrics", ids, objects: [{ resource, scopeMetrics: [{ scope, metrics: [counter] }] }] };
}

/** So many items of any signal. */
export function itemsOf(signal: Items["signal"], count: number): Items {
  return signal === "traces" ? spans(count) : signal === "logs" ? logs(count) : points(count);
}

function newIds(count: number): string[] {
  const bytes = randomBytes(8 * count).toString("hex");
  return Array.from({ length: count }, (_, index) => bytes.slice(index * 16, index * 16 + 16));
}

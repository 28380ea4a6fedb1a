import type { RecordedSpan } from "@otlpkit/otlp";

const resource = { attributes: { "service.name": "shop" } };
const instrumentationScope = { name: "test" };

/** Ended spans as an SDK hands them over, all of one trace. */
export function sdkSpans(...names: string[]): RecordedSpan[] {
  return names.map((name, index) => ({
    name,
    kind: 0,
    spanContext: () => ({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: (index + 1).toString(16).padStart(16, "0"),
      traceFlags: 1,
    }),
    startTime: [1_700_000_000, 0],
    endTime: [1_700_000_001, 0],
    status: { code: 0 },
    attributes: {},
    links: [],
    events: [],
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }));
}

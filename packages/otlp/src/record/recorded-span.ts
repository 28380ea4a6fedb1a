import type { HrTime, RecordedAttributes, RecordedResource, RecordedScope, RecordedSpanContext } from "./recorded.ts";

/** A span that has ended: `ReadableSpan` of the OpenTelemetry JS SDK 1, 2 and 3. */
export interface RecordedSpan {
  readonly name: string;
  /** The SDK's number: 0 internal, 1 server, 2 client, 3 producer, 4 consumer. On the wire it is one more (M-16). */
  readonly kind: number;
  spanContext(): RecordedSpanContext;
  readonly parentSpanContext?: RecordedSpanContext | undefined;
  /** The parent as the SDK 1 has it. */
  readonly parentSpanId?: string | undefined;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  /** 0 unset, 1 ok, 2 error (M-17). */
  readonly status: { readonly code: number; readonly message?: string | undefined };
  readonly attributes: RecordedAttributes;
  readonly links: readonly RecordedLink[];
  readonly events: readonly RecordedEvent[];
  readonly resource: RecordedResource;
  readonly instrumentationScope?: RecordedScope | undefined;
  /** The scope as the SDK 1 has it. */
  readonly instrumentationLibrary?: RecordedScope | undefined;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** Something that happened at one moment of a span. */
export interface RecordedEvent {
  readonly name: string;
  readonly time: HrTime;
  readonly attributes?: RecordedAttributes | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

/** Another span that has to do with the one that holds the link. */
export interface RecordedLink {
  readonly context: RecordedSpanContext;
  readonly attributes?: RecordedAttributes | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

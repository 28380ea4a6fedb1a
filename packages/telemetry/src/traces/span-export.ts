import { type Batch, ExportError, type Sender } from "@otlpkit/core";
import { spanEncoder } from "@otlpkit/otlp/record";
import { type Attributes, type OpenSpan, type SpanEnd, wallTime } from "./own-span.ts";

export interface SpanExportOptions {
  /** Takes the spans; nothing on its way may trace. It is closed with the export. */
  readonly sender: Sender;
  /** What the spans say of where they come from. */
  readonly resource: Attributes;
  /** Spans in a request. Default 512. */
  readonly maxItems?: number;
  /** A span waits so long for others, in ms. Default 5,000. */
  readonly maxDelayMs?: number;
  /** Spans held at most, requests under way included; what is beyond is dropped. Default 4,096. */
  readonly maxHeldItems?: number;
  /** Bounds one request, in ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** Told of spans that nobody will see. Must not throw. */
  readonly onDropped?: (items: number, error: ExportError) => void;
  /** Runs something later and returns what cancels it. Default `setTimeout`, without holding the process. */
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
  /** Runs a send outside of whatever is being traced. */
  readonly untraced: <T>(run: () => T) => T;
}

/** Encodes spans as they end and sends them in batches, once each: traces of ourselves are not worth a second try. */
export interface SpanExport {
  add(span: OpenSpan, end: SpanEnd): void;
  close(): Promise<void>;
}

const scope = { name: "@otlpkit/telemetry" };

export function spanExport(options: SpanExportOptions): SpanExport {
  const { sender, maxItems = 512, maxDelayMs = 5_000, maxHeldItems = 4_096, timeoutMs = 10_000, untraced } = options;
  const onDropped = options.onDropped ?? (() => undefined);
  const setTimer = options.setTimer ?? unheldTimer;
  const resource = { attributes: options.resource };
  const encoder = spanEncoder();
  const underWay = new Set<Promise<void>>();
  let heldItems = 0;
  let cancel: (() => void) | undefined;

  function flush(): void {
    cancel?.();
    cancel = undefined;
    const batch = encoder.take();
    if (batch === undefined) return;
    const done = untraced(() => deliver(batch)).finally(() => underWay.delete(done));
    underWay.add(done);
  }

  async function deliver(batch: Batch): Promise<void> {
    try {
      const { rejectedItems, message } = await sender.send(batch, { deadline: performance.now() + timeoutMs });
      if (rejectedItems > 0) onDropped(rejectedItems, new ExportError("rejected", message));
    } catch (error) {
      onDropped(batch.items, ExportError.from(error));
    } finally {
      heldItems -= batch.items;
    }
  }

  return {
    add(span, end) {
      if (heldItems >= maxHeldItems) {
        return onDropped(1, new ExportError("overloaded", `${maxHeldItems} spans are held, and none is taken`));
      }
      encoder.add(recorded(span, end, resource));
      heldItems++;
      if (encoder.items >= maxItems) flush();
      else cancel ??= untraced(() => setTimer(flush, maxDelayMs));
    },
    async close() {
      flush();
      await Promise.all(underWay);
      await sender.close();
    },
  };
}

function recorded(span: OpenSpan, { endMs, error }: SpanEnd, resource: { readonly attributes: Attributes }) {
  const { anchor, attributes, ids, kind, name, parentSpanId, startMs } = span;
  const context = { ...ids, traceFlags: 1 };
  return {
    name,
    kind,
    spanContext: () => context,
    ...(parentSpanId === undefined ? {} : { parentSpanContext: { ...ids, spanId: parentSpanId, traceFlags: 1 } }),
    startTime: wallTime(anchor, startMs),
    endTime: wallTime(anchor, endMs),
    status: error === undefined ? { code: 0 } : { code: 2, message: error },
    attributes,
    links: [],
    events: [],
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function unheldTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

import type { AsyncLocalStorage } from "node:async_hooks";
import { type Ack, type Batch, ExportError, type Middleware } from "@otlpkit/core";
import { type Anchor, type Attributes, type OpenSpan, randomHex, type SpanIds } from "./own-span.ts";
import { spanExport, type SpanExportOptions } from "./span-export.ts";

export interface PipelineTracerOptions extends Omit<SpanExportOptions, "resource" | "untraced"> {
  /** Share of requests that are traced, from 0 to 1. */
  readonly ratio: number;
  /** What spans say of where they come from, besides `service.instance.id`: at least `service.name`. */
  readonly resource: Attributes;
  /** Steady clock in ms. Default `performance.now`. */
  readonly now?: () => number;
  /** Ms since 1970. Default `Date.now`. */
  readonly wallClock?: () => number;
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Traces what a pipeline does with a request: one span for the whole, and one for each stage that was wrapped. Which batch
 * belongs to which trace goes along with the asynchronous work, so no stage knows of it; where a stage merges requests or
 * works by a timer, the span belongs to the request that set it off.
 */
export interface PipelineTracer {
  /** Begins a trace for the share of requests that are traced; it stands behind a receiver. */
  receive(name: string, attributes?: Attributes): Middleware;
  /** A span for a queue: from where `enter` stands until the batch comes to where `leave` stands. */
  wait(name: string, attributes?: Attributes): { readonly enter: Middleware; readonly leave: Middleware };
  /**
   * A span for everything behind it. Where no trace has come along, as behind a queue on disk, it begins one of its own, for
   * its share of batches.
   */
  send(name: string, attributes?: Attributes): Middleware;
  /** `trace_id` and `span_id` of what is being done, for the log; nothing outside of a trace. */
  ids(): Readonly<Record<string, string>>;
  /** Sends what is held and closes the sender. */
  close(): Promise<void>;
}

/** What goes along with the asynchronous work of a request. */
interface Current {
  readonly ids: SpanIds;
  readonly anchor: Anchor;
  /** Ends the span of the queue that the batch has entered. */
  readonly leave?: () => void;
}

/** The head of a request, where its first resource is. */
const headBytes = 2_048;

/** Makes a tracer. */
export function pipelineTracer(options: PipelineTracerOptions): PipelineTracer {
  const { ratio, random = Math.random, wallClock = Date.now } = options;
  const now = options.now ?? (() => performance.now());
  const { AsyncLocalStorage: Storage } = process.getBuiltinModule("node:async_hooks");
  const storage: AsyncLocalStorage<Current | undefined> = new Storage();
  const instanceId = randomHex(16);
  const output = spanExport({
    ...options,
    resource: { ...options.resource, "service.instance.id": instanceId },
    untraced: (run) => storage.run(undefined, run),
  });

  function open(name: string, kind: OpenSpan["kind"], batch: Batch, attributes: Attributes): OpenSpan {
    const parent = storage.getStore();
    const startMs = now();
    return {
      name: `${name}/${batch.signal}`,
      kind,
      ids: { traceId: parent?.ids.traceId ?? randomHex(16), spanId: randomHex(8) },
      parentSpanId: parent?.ids.spanId,
      anchor: parent?.anchor ?? { wallMs: wallClock(), clockMs: startMs },
      startMs,
      attributes: { ...attributes, items: batch.items, bytes: batch.body.byteLength },
    };
  }

  function end(span: OpenSpan, error?: ExportError): void {
    if (error !== undefined) span.attributes["error.type"] = error.code;
    output.add(span, error === undefined ? { endMs: now() } : { endMs: now(), error: error.message });
  }

  /** Ends a span at the first call. */
  function once(span: OpenSpan): (error?: ExportError) => void {
    let over = false;
    return (error) => {
      if (over) return;
      over = true;
      end(span, error);
    };
  }

  async function within(span: OpenSpan, run: () => Promise<Ack>): Promise<Ack> {
    try {
      const ack = await storage.run({ ids: span.ids, anchor: span.anchor }, run);
      if (ack.rejectedItems > 0) span.attributes["rejected_items"] = ack.rejectedItems;
      end(span);
      return ack;
    } catch (error) {
      end(span, ExportError.from(error));
      throw error;
    }
  }

  /** Traces of ourselves that come back to a door of ours would be traced in turn, for ever. */
  function isOurs({ body, signal }: Batch): boolean {
    if (signal !== "traces") return false;
    return Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, headBytes)).includes(instanceId);
  }

  return {
    receive: (name, attributes = {}) =>
      stage((batch, go) => {
        if (random() >= ratio || isOurs(batch)) return storage.run(undefined, go);
        return storage.run(undefined, () => within(open(name, 1, batch, attributes), go));
      }),
    send: (name, attributes = {}) =>
      stage((batch, go) => {
        const traced = storage.getStore() !== undefined || (random() < ratio && !isOurs(batch));
        return traced ? within(open(name, 2, batch, attributes), go) : go();
      }),
    wait: (name, attributes = {}) => ({
      enter: stage(async (batch, go) => {
        const current = storage.getStore();
        if (current === undefined) return go();
        const waiting = once(open(name, 0, batch, attributes));
        try {
          return await storage.run({ ...current, leave: () => waiting() }, go);
        } catch (error) {
          // Refused by the queue; what failed behind it has left it.
          waiting(ExportError.from(error));
          throw error;
        }
      }),
      leave: stage((_batch, go) => {
        const current = storage.getStore();
        if (current?.leave === undefined) return go();
        current.leave();
        return storage.run({ ids: current.ids, anchor: current.anchor }, go);
      }),
    }),
    ids() {
      const current = storage.getStore();
      return current === undefined ? {} : { trace_id: current.ids.traceId, span_id: current.ids.spanId };
    },
    close: () => output.close(),
  };
}

function stage(step: (batch: Batch, go: () => Promise<Ack>) => Promise<Ack>): Middleware {
  return (next) => ({
    send: (batch, options) => step(batch, () => next.send(batch, options)),
    close: () => next.close(),
  });
}

import { ExportError } from "@otlpkit/core";
import { count } from "./number-fields.ts";
import { IdField } from "./id-field.ts";
import type { ItemFields } from "./item-fields.ts";
import type { OpenChunk } from "./open-chunk.ts";
import { type ItemWriter, type RecordEncoder, recordEncoder } from "./record-encoder.ts";
import type { RecordedEvent, RecordedLink, RecordedSpan } from "./recorded-span.ts";
import type { RecordedSpanContext } from "./recorded.ts";

// Bits of the flags of spans and links above those of W3C: whether it is known that the parent (the linked span) is of
// another process, and whether it is (M-06).
const remoteIsKnown = 0x100;
const isRemote = 0x200;

/** The encoder of spans, to be used for all spans of a program: it remembers what they have in common. */
export function spanEncoder(): RecordEncoder<RecordedSpan> {
  return recordEncoder("traces", (fields) => new SpanWriter(fields));
}

/** Writes spans as items of ScopeSpans, fields in the order of their numbers. */
class SpanWriter implements ItemWriter<RecordedSpan> {
  readonly #fields: ItemFields;
  readonly #parentId;
  readonly #name;
  readonly #traceState;
  readonly #attributes;
  readonly #eventName;
  readonly #eventAttributes;
  readonly #linkAttributes;
  // How many bytes the length of a span and of an event took last time, which is what the next is given room for.
  #lengthSize = 2;
  #eventLengthSize = 1;

  constructor(fields: ItemFields) {
    const { attributes } = fields;
    this.#fields = fields;
    this.#parentId = new IdField(fields.output, 8);
    this.#name = fields.textField(0x2a);
    this.#traceState = fields.textField(0x1a);
    this.#attributes = attributes.site(0x4a);
    this.#eventName = fields.textField(0x12);
    this.#eventAttributes = attributes.site(0x1a);
    this.#linkAttributes = attributes.site(0x22);
  }

  add(span: RecordedSpan, chunk: OpenChunk): void {
    const scope = chunk.scope(span.resource, span.instrumentationScope ?? span.instrumentationLibrary);
    chunk.append(scope, this.#span(chunk.at, span), 1);
  }

  #span(at: number, span: RecordedSpan): number {
    const { output, traceId, spanId, time, attributes } = this.#fields;
    output.room(at);
    output.bytes[at] = 0x12;
    const reserved = this.#lengthSize;
    const start = at + 1 + reserved;

    const context = span.spanContext();
    const afterTrace = traceId.write(start, 0x0a, context.traceId);
    const afterSpan = spanId.write(afterTrace, 0x12, context.spanId);
    if (afterTrace === start || afterSpan === afterTrace) throw withoutIds();
    let end = this.#state(afterSpan, context);
    const parent = span.parentSpanContext;
    const parentId = parent === undefined ? span.parentSpanId : parent.spanId;
    if (parentId !== undefined) end = this.#parentId.write(end, 0x22, parentId);
    end = this.#name.write(end, span.name);
    output.room(end);
    end = count(output.bytes, end, 0x30, span.kind + 1);
    end = time.write(end, 0x39, span.startTime);
    end = time.write(end, 0x41, span.endTime);
    end = attributes.write(end, span.attributes, this.#attributes);
    output.room(end);
    end = count(output.bytes, end, 0x50, span.droppedAttributesCount);
    const { events, links } = span;
    for (let index = 0; index < events.length; index++) end = this.#event(end, events[index] as RecordedEvent);
    output.room(end);
    end = count(output.bytes, end, 0x60, span.droppedEventsCount);
    for (let index = 0; index < links.length; index++) end = this.#link(end, links[index] as RecordedLink);
    output.room(end);
    end = count(output.bytes, end, 0x70, span.droppedLinksCount);
    end = this.#status(end, span.status);

    // Of a parent that only its id is known of (SDK 1), nobody knows where it is.
    const known = parent === undefined && parentId !== undefined ? 0 : remoteIsKnown;
    const flags = (context.traceFlags & 0xff) | known | (parent?.isRemote === true ? isRemote : 0);
    if (flags !== 0) {
      output.bytes[end] = 0x85;
      output.bytes[end + 1] = 0x01;
      output.view.setUint32(end + 2, flags, true);
      end += 6;
    }
    const closed = output.close(start, end, reserved);
    this.#lengthSize = reserved + closed - end;
    return closed;
  }

  #event(at: number, event: RecordedEvent): number {
    const { output, time, attributes } = this.#fields;
    output.room(at);
    output.bytes[at] = 0x5a;
    const reserved = this.#eventLengthSize;
    const start = at + 1 + reserved;
    let end = time.write(start, 0x09, event.time);
    end = this.#eventName.write(end, event.name);
    if (event.attributes) end = attributes.write(end, event.attributes, this.#eventAttributes);
    output.room(end);
    end = count(output.bytes, end, 0x20, event.droppedAttributesCount);
    const closed = output.close(start, end, reserved);
    this.#eventLengthSize = reserved + closed - end;
    return closed;
  }

  #link(at: number, { context, attributes, droppedAttributesCount }: RecordedLink): number {
    const { output, traceId, spanId, attributes: fields } = this.#fields;
    output.room(at);
    output.bytes[at] = 0x6a;
    const start = at + 2;
    let end = traceId.write(start, 0x0a, context.traceId);
    end = spanId.write(end, 0x12, context.spanId);
    end = this.#state(end, context);
    if (attributes) end = fields.write(end, attributes, this.#linkAttributes);
    output.room(end);
    end = count(output.bytes, end, 0x28, droppedAttributesCount);
    output.bytes[end] = 0x35;
    const flags = (context.traceFlags & 0xff) | remoteIsKnown | (context.isRemote === true ? isRemote : 0);
    output.view.setUint32(end + 1, flags, true);
    return output.close(start, end + 5, 1);
  }

  #state(at: number, { traceState }: RecordedSpanContext): number {
    return traceState ? this.#traceState.write(at, traceState.serialize()) : at;
  }

  #status(at: number, { code, message }: RecordedSpan["status"]): number {
    if (code === 0 && !message) return at;
    const { output } = this.#fields;
    output.bytes[at] = 0x7a;
    let end = output.optionalText(at + 2, 0x12, message);
    output.room(end);
    end = count(output.bytes, end, 0x18, code);
    return output.close(at + 2, end, 1);
  }
}

function withoutIds(): ExportError {
  const expected = "32 and 16 hex digits that are not all 0";
  return new ExportError("invalid", `cannot encode a span: trace id and span id must be ${expected}`);
}

import {
  type Attributes,
  diag,
  type Exception,
  type HrTime,
  type Link,
  type Span,
  type SpanContext,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  TraceFlags,
} from "@opentelemetry/api";
import type { RecordedEvent, RecordedLink, RecordedResource, RecordedScope, RecordedSpan } from "@otlpkit/otlp";
import { type AttributeSet, attributeSet, put, sendable } from "./attribute-set.ts";
import { exceptionAttributes } from "./exception-attributes.ts";
import { type Anchor, hrTimeAt, type SpanClock } from "./span-clock.ts";
import type { SpanLimits } from "./span-limits.ts";
import { hrTimeOf, isTimeInput } from "./time-input.ts";

/** What the spans of one tracer have in common. */
export interface SpanMaker {
  readonly resource: RecordedResource;
  readonly scope: RecordedScope;
  readonly limits: Required<SpanLimits>;
  readonly clock: SpanClock;
  /** Takes spans that were sampled and have ended. */
  readonly record: (span: RecordedSpan) => void;
}

/** What is known of a span when it starts. */
export interface SpanStart {
  readonly name: string;
  readonly kind: number;
  readonly spanContext: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly anchor: Anchor;
  readonly startTime: HrTime;
}

/** A span that is recorded: of the OpenTelemetry API while it lasts, of the encoder when it has ended. */
export class RecordingSpan implements Span, RecordedSpan {
  name: string;
  readonly kind: number;
  readonly parentSpanContext: SpanContext | undefined;
  readonly anchor: Anchor;
  readonly startTime: HrTime;
  endTime: HrTime = unknownTime;
  status: SpanStatus = unset;
  readonly attributes: Record<string, unknown>;
  droppedAttributesCount: number;
  events: readonly RecordedEvent[] = none;
  droppedEventsCount = 0;
  links: readonly RecordedLink[] = none;
  droppedLinksCount = 0;
  readonly #spanContext: SpanContext;
  readonly #maker: SpanMaker;
  #attributeCount: number;
  #ended = false;
  #complained = false;

  constructor(start: SpanStart, { attributes, count, dropped }: AttributeSet, maker: SpanMaker) {
    this.name = start.name;
    this.kind = start.kind;
    this.parentSpanContext = start.parent;
    this.anchor = start.anchor;
    this.startTime = start.startTime;
    this.attributes = attributes;
    this.droppedAttributesCount = dropped;
    this.#spanContext = start.spanContext;
    this.#maker = maker;
    this.#attributeCount = count;
  }

  get resource(): RecordedResource {
    return this.#maker.resource;
  }

  get instrumentationScope(): RecordedScope {
    return this.#maker.scope;
  }

  spanContext(): SpanContext {
    return this.#spanContext;
  }

  isRecording(): boolean {
    return !this.#ended;
  }

  setAttribute(key: string, value: unknown): this {
    if (value === undefined || this.#isOver("setAttribute")) return this;
    const { attributeCountLimit, attributeValueLengthLimit } = this.#maker.limits;
    const { attributes } = this;
    // Values are never undefined, so what is undefined is not there; what is there may also be of every object.
    const isNew = attributes[key] === undefined || !Object.hasOwn(attributes, key);
    const isFull = isNew && this.#attributeCount >= attributeCountLimit;
    const kept = isFull || key === "" ? undefined : sendable(value, attributeValueLengthLimit);
    if (kept === undefined) {
      this.droppedAttributesCount++;
      return this;
    }
    if (isNew) this.#attributeCount++;
    put(attributes, key, kept);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) {
      // V8 knows the answer to this while it goes through the keys; to `Object.hasOwn` it does not.
      if (Object.prototype.hasOwnProperty.call(attributes, key)) this.setAttribute(key, attributes[key]);
    }
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.#isOver("addEvent")) return this;
    const { attributePerEventCountLimit, attributeValueLengthLimit, eventCountLimit } = this.#maker.limits;
    const onlyTime = isTimeInput(attributesOrTime);
    const set = attributeSet(
      onlyTime ? undefined : attributesOrTime,
      attributePerEventCountLimit,
      attributeValueLengthLimit,
    );
    const at = this.#time(time ?? (onlyTime ? attributesOrTime : undefined));
    const event = { name: spanName(name), time: at, attributes: set.attributes, droppedAttributesCount: set.dropped };
    if (this.events === none) this.events = [];
    this.droppedEventsCount += pushLatest(this.events as RecordedEvent[], event, eventCountLimit);
    return this;
  }

  addLink(link: Link): this {
    if (!link?.context || this.#isOver("addLink")) return this;
    const { attributePerLinkCountLimit, attributeValueLengthLimit, linkCountLimit } = this.#maker.limits;
    const set = attributeSet(link.attributes, attributePerLinkCountLimit, attributeValueLengthLimit);
    const dropped = set.dropped + (link.droppedAttributesCount ?? 0);
    const kept = { context: link.context, attributes: set.attributes, droppedAttributesCount: dropped };
    if (this.links === none) this.links = [];
    this.droppedLinksCount += pushLatest(this.links as RecordedLink[], kept, linkCountLimit);
    return this;
  }

  addLinks(links: readonly Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  /** OK is final and beats an error; UNSET changes nothing; only an error has a message. */
  setStatus({ code, message }: SpanStatus): this {
    if (this.#isOver("setStatus") || this.status.code === SpanStatusCode.OK) return this;
    const isError = code === SpanStatusCode.ERROR;
    if (isError && typeof message === "string") this.status = { code, message };
    else if (isError || code === SpanStatusCode.OK) this.status = { code };
    return this;
  }

  updateName(name: string): this {
    if (!this.#isOver("updateName")) this.name = spanName(name);
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    if (this.#isOver("recordException")) return;
    const attributes = exceptionAttributes(exception);
    if (attributes === undefined) this.#complain("recordException needs an error, or a text");
    else this.addEvent("exception", attributes, time);
  }

  end(endTime?: TimeInput): void {
    if (this.#isOver("end")) return;
    const end = this.#time(endTime);
    const backwards = isBefore(end, this.startTime);
    this.endTime = backwards ? this.startTime : end;
    this.#ended = true;
    if (backwards) this.#complain("its end is before its start, and was set to it");
    const dropped = this.droppedAttributesCount + this.droppedEventsCount + this.droppedLinksCount;
    if (dropped > 0) this.#complain(droppedFrom(this));
    if (this.#spanContext.traceFlags & TraceFlags.SAMPLED) this.#maker.record(this);
  }

  /** The time given, or now if none is. */
  #time(given: TimeInput | undefined): HrTime {
    const nowMs = this.#maker.clock.monotonic();
    if (given !== undefined && given !== null) {
      const time = hrTimeOf(given, this.anchor, nowMs);
      if (time !== undefined) return time;
      this.#complain("a time is none of [seconds, nanoseconds], Date and ms since 1970");
    }
    return hrTimeAt(this.anchor, nowMs);
  }

  #isOver(method: string): boolean {
    if (this.#ended) this.#complain(`${method} came after its end, and did nothing`);
    return this.#ended;
  }

  /** Once for each span, lest a program that is wrong in a loop fills its log (O-23). */
  #complain(what: string): void {
    if (this.#complained) return;
    this.#complained = true;
    diag.warn(`span "${this.name}" (${this.#spanContext.traceId}-${this.#spanContext.spanId}): ${what}`);
  }
}

/** A program without types may give anything. */
export function spanName(name: unknown): string {
  return typeof name === "string" ? name : String(name);
}

const none: readonly never[] = Object.freeze([]);
const unset: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });
const unknownTime: HrTime = [0, 0];

/** Adds an item to a list that may not become longer than `limit`, and tells how many had to go for it. */
function pushLatest<Item>(list: Item[], item: Item, limit: number): 0 | 1 {
  list.push(item);
  if (list.length <= limit) return 0;
  list.shift();
  return 1;
}

function isBefore(a: HrTime, b: HrTime): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

function droppedFrom({ droppedAttributesCount, droppedEventsCount, droppedLinksCount }: RecordedSpan): string {
  return `${droppedAttributesCount} attributes, ${droppedEventsCount} events and ${droppedLinksCount} links were left out: too many, or they cannot be sent`;
}

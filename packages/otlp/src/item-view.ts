import type { Signal } from "@otlpkit/core";
import { messages, requestNames } from "./generated/schema.ts";
import type { Container, ItemIndex } from "./item-index.ts";
import { levels } from "./levels.ts";
import { type MessageView, MovableView } from "./message-view.ts";
import { findTraceId, traceIdTag } from "./visit.ts";

/**
 * A look at one item of a request and what is around it. One view serves a whole walk and moves from item to item, so it
 * is valid during the call that it is handed to and not after.
 */
export interface ItemView extends MessageView {
  readonly signal: Signal;
  /** The number of the item in its request, from 0. */
  readonly position: number;
  /** The resource that the item belongs to; empty when the request does not name one. */
  readonly resource: MessageView;
  /** The instrumentation scope that the item belongs to; empty when the request does not name one (M-12). */
  readonly scope: MessageView;
  /** The schema URL of the resource, "" when there is none. */
  readonly resourceSchemaUrl: string;
  /** The schema URL of the scope, "" when there is none. */
  readonly scopeSchemaUrl: string;
  /** The metric that a data point belongs to; `undefined` for other signals. */
  readonly metric: MessageView | undefined;
  /** The gauge, sum or histogram that a data point belongs to, for its temporality; `undefined` for other signals. */
  readonly metricData: MessageView | undefined;
  /** The trace id in hex, "" when there is none of 16 bytes. Data points and profiles have none. */
  traceId(): string;
}

/** The item's trace id in hex, as the key for `splitByKey`, which knows it and makes a string per trace, not per item. */
export function traceIdKey(item: ItemView): string {
  return item.traceId();
}

/** The view that `index` is walked with. */
export interface WalkingView extends ItemView {
  /** Moves to an item. */
  go(item: number): void;
  /** The container around the item that is `depth` below the request. */
  container(depth: number): Container;
}

/** Makes a view of the items of a request. It stands on the first item, if there is one, once it is told to `go(0)`. */
export function itemView(signal: Signal, body: Uint8Array, index: ItemIndex): WalkingView {
  return new View(signal, body, index);
}

class View extends MovableView implements WalkingView {
  readonly signal: Signal;
  position = -1;
  private readonly index: ItemIndex;
  private innermost: Container;
  private readonly range: [number, number] = [0, 0];
  private readonly containerTypes: readonly string[];
  /** Views of the resource, scope and so on, made when asked for and valid for one innermost container. */
  private cached: Record<string, MovableView> = {};

  constructor(signal: Signal, body: Uint8Array, index: ItemIndex) {
    const types = typesOf(signal);
    super(body, types.at(-1) as string);
    this.signal = signal;
    this.index = index;
    this.containerTypes = types;
    this.innermost = index.containers[0] as Container;
  }

  go(item: number): void {
    const { contents, ends, parents, containers } = this.index;
    const innermost = containers[parents[item] as number] as Container;
    if (innermost !== this.innermost) {
      this.innermost = innermost;
      this.cached = {};
    }
    this.position = item;
    this.range[0] = contents[item] as number;
    this.range[1] = ends[item] as number;
    this.move(this.range, this.signal === "metrics" ? pointType(innermost.tag) : this.type);
  }

  container(depth: number): Container {
    let container = this.innermost;
    while (container.depth > depth) container = container.parent as Container;
    return container;
  }

  get resource(): MessageView {
    return this.inside("resource", 1);
  }

  get scope(): MessageView {
    return this.inside("scope", 2);
  }

  get resourceSchemaUrl(): string {
    return this.around(1).text("schemaUrl") ?? "";
  }

  get scopeSchemaUrl(): string {
    return this.around(2).text("schemaUrl") ?? "";
  }

  get metric(): MessageView | undefined {
    return this.signal === "metrics" ? this.around(3) : undefined;
  }

  get metricData(): MessageView | undefined {
    return this.signal === "metrics" ? this.around(4) : undefined;
  }

  traceId(): string {
    const tag = traceIdTag(this.signal);
    const at = tag === 0 ? -1 : findTraceId(this.body, this.range[0], this.range[1], tag);
    return at === -1 ? "" : hex(this.body, at, at + 16);
  }

  /** What is around the items at a depth, without them. */
  private around(depth: number): MovableView {
    const container = this.container(depth);
    const type = depth === 4 ? armType(container.tag) : (this.containerTypes[depth] as string);
    return (this.cached[depth] ??= viewOf(this.body, type, container.rest));
  }

  private inside(field: "resource" | "scope", depth: number): MovableView {
    const cached = this.cached[field];
    if (cached !== undefined) return cached;
    const around = this.around(depth);
    const type = messages[around.type]?.fields.find((one) => one.name === field)?.message as string;
    return (this.cached[field] = viewOf(this.body, type, around.rangesOf(field)));
  }
}

function viewOf(body: Uint8Array, type: string, ranges: readonly number[]): MovableView {
  const view = new MovableView(body, type);
  view.move(ranges);
  return view;
}

const metric = "opentelemetry.proto.metrics.v1.Metric";

/** The types from the request to the item. For metrics they end with Metric: what follows depends on the arm. */
export function typesOf(signal: Signal): string[] {
  const types = [requestNames[signal]];
  for (const field of levels[signal].path) {
    const type = messages[types.at(-1) as string]?.fields.find((one) => one.number === field)?.message;
    if (type !== undefined) types.push(type);
    if (type === metric) break;
  }
  return types;
}

export function armType(tag: number): string {
  return messages[metric]?.fields.find((one) => one.number === tag >>> 3)?.message as string;
}

export function pointType(tag: number): string {
  return messages[armType(tag)]?.fields.find((one) => one.name === "dataPoints")?.message as string;
}

/** Lower-case hex. */
export function hex(body: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = body[at] as number;
    text += digits[byte >> 4] as string;
    text += digits[byte & 0xf] as string;
  }
  return text;
}

const digits = "0123456789abcdef";

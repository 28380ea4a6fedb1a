import { type Batch, protobufBatch, type Signal } from "@otlpkit/core";
import { unfilled } from "#memory";
import { varintSize, writeVarint } from "../wire.ts";
import { type Container, Containers, type ScopeContainer } from "./containers.ts";
import type { ItemFields } from "./item-fields.ts";
import type { RecordedResource, RecordedScope } from "./recorded.ts";

/**
 * The items that were written since the last request was taken: in one row, and where those of each scope are in it.
 */
export class OpenChunk {
  fields: ItemFields;
  /** Where the next item begins. */
  at = 0;
  items = 0;
  /** What the resources and scopes take, about. */
  #aroundBytes = 0;
  readonly #signal: Signal;
  readonly #containers = new Containers();
  /** The scopes that have items. */
  #open: ScopeContainer[] = [];

  constructor(signal: Signal, fields: ItemFields) {
    this.#signal = signal;
    this.fields = fields;
  }

  get bytes(): number {
    return this.at + this.#aroundBytes;
  }

  /** Where items of this resource and scope belong. */
  scope(resource: RecordedResource, scope: RecordedScope | undefined): ScopeContainer {
    return this.#containers.find(this.fields, this.at, resource, scope);
  }

  /** Takes what lies between `at` and `end` as items of a scope. */
  append(scope: ScopeContainer, end: number, items: number): void {
    const { ends } = scope;
    const last = ends.length - 1;
    if (last >= 0 && ends[last] === this.at) ends[last] = end;
    else {
      if (last < 0) this.#begin(scope);
      scope.starts.push(this.at);
      ends.push(end);
    }
    this.at = end;
    this.items += items;
  }

  /** Forgets all that was appended since then. */
  cutBack(at: number, items: number): void {
    for (const { starts, ends } of this.#open) {
      while ((starts.at(-1) ?? -1) >= at) {
        starts.pop();
        ends.pop();
      }
      if ((ends.at(-1) ?? 0) > at) ends[ends.length - 1] = at;
    }
    this.at = at;
    this.items = items;
    const begun = this.#open;
    this.#open = [];
    this.#aroundBytes = 0;
    for (const scope of begun) if (scope.ends.length > 0) this.#begin(scope);
  }

  #begin(scope: ScopeContainer): void {
    const { resource } = scope;
    const isNew = !this.#open.some((other) => other.resource === resource);
    this.#aroundBytes += ownSize(scope) + (isNew ? ownSize(resource) : 0);
    this.#open.push(scope);
  }

  /** The items as one request, each resource once and in it each scope once; undefined when there are none. */
  take(): Batch | undefined {
    if (this.items === 0) return undefined;
    const { output } = this.fields;
    this.#containers.settle(this.fields, this.at);
    const body = gather(output.bytes, this.#open);
    const batch = protobufBatch(this.#signal, body, this.items);
    for (const scope of this.#open) {
      scope.starts = [];
      scope.ends = [];
    }
    this.#open = [];
    output.restart(this.at);
    this.at = 0;
    this.items = 0;
    this.#aroundBytes = 0;
    return batch;
  }
}

interface Sized<Inner> {
  readonly container: Container;
  readonly inner: Inner;
  size: number;
}

function gather(bytes: Uint8Array, scopes: readonly ScopeContainer[]): Uint8Array {
  const resources = new Map<Container, Sized<Sized<ScopeContainer>[]>>();
  for (const scope of scopes) {
    let resource = resources.get(scope.resource);
    if (resource === undefined) {
      resource = { container: scope.resource, inner: [], size: ownSize(scope.resource) };
      resources.set(scope.resource, resource);
    }
    const size = scope.ends.reduce((sum, end, run) => sum + end - (scope.starts[run] as number), ownSize(scope));
    resource.inner.push({ container: scope, inner: scope, size });
    resource.size += 1 + varintSize(size) + size;
  }

  const total = [...resources.values()].reduce((sum, { size }) => sum + 1 + varintSize(size) + size, 0);
  const out = unfilled(total);
  let at = 0;
  function begin(tag: number, { container, size }: Sized<unknown>): void {
    out[at] = tag;
    at = writeVarint(out, at + 1, size);
    put(container.head);
  }
  function put(part: Uint8Array): void {
    out.set(part, at);
    at += part.length;
  }
  for (const resource of resources.values()) {
    begin(0x0a, resource);
    for (const scope of resource.inner) {
      begin(0x12, scope);
      const { starts, ends } = scope.inner;
      for (let run = 0; run < ends.length; run++) put(bytes.subarray(starts[run], ends[run]));
      put(scope.container.tail);
    }
    put(resource.container.tail);
  }
  return out;
}

/** What a container takes besides what is in it. */
function ownSize({ head, tail }: Container): number {
  return head.length + tail.length;
}

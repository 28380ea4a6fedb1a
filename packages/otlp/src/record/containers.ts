import { count } from "./number-fields.ts";
import type { ItemFields } from "./item-fields.ts";
import type { RecordedResource, RecordedScope } from "./recorded.ts";

/**
 * What stands around items of one resource, or of one scope in it: ResourceSpans, ScopeSpans and their like, which all
 * have the same fields.
 */
export interface Container {
  /** Before the items: the resource or scope. */
  head: Uint8Array;
  /** Behind them: its schema URL. */
  tail: Uint8Array;
}

/** A scope of a resource, and where its items are in the open chunk: from `starts[i]` to `ends[i]`. */
export interface ScopeContainer extends Container {
  readonly resource: Container;
  starts: number[];
  ends: number[];
}

interface ResourceContainer extends Container {
  readonly scopes: WeakMap<RecordedScope, ScopeContainer>;
  /** Scopes without attributes by name, version and schema URL, for those who make a new object for each item. */
  readonly named: Map<string, ScopeContainer>;
}

const maxNamed = 256;
const noScope: RecordedScope = { name: "" };
const nothing = new Uint8Array(0);

/** Finds the container for an item by the identity of its resource and scope, each of which is read and written once. */
export class Containers {
  readonly #resources = new WeakMap<RecordedResource, ResourceContainer>();
  /** Resources with attributes that are still being found out; they are written when the chunk is taken. */
  readonly #pending = new Map<RecordedResource, ResourceContainer>();
  #lastResource: RecordedResource | undefined;
  #lastScope: RecordedScope | undefined;
  #last: ScopeContainer | undefined;

  /** `fields` write behind `at`, where nothing is yet. */
  find(fields: ItemFields, at: number, resource: RecordedResource, scope: RecordedScope = noScope): ScopeContainer {
    if (resource === this.#lastResource && scope === this.#lastScope && this.#last !== undefined) return this.#last;
    const outer = this.#resources.get(resource) ?? this.#pending.get(resource) ?? this.#add(fields, at, resource);
    const found = outer.scopes.get(scope) ?? addScope(fields, at, scope, outer);
    this.#lastResource = resource;
    this.#lastScope = scope;
    this.#last = found;
    return found;
  }

  /** Writes the resources that were pending, as they are now. Whether they still are is asked again in the next chunk. */
  settle(fields: ItemFields, at: number): void {
    if (this.#pending.size === 0) return;
    for (const [resource, container] of this.#pending) {
      try {
        Object.assign(container, resourceParts(fields, at, resource));
      } catch {
        // Its items are good; they go without saying whose they are.
      }
    }
    this.#pending.clear();
    this.#last = undefined;
  }

  #add(fields: ItemFields, at: number, resource: RecordedResource): ResourceContainer {
    const isPending = resource.asyncAttributesPending === true;
    const parts = isPending ? { head: nothing, tail: nothing } : resourceParts(fields, at, resource);
    const container = { ...parts, scopes: new WeakMap<RecordedScope, ScopeContainer>(), named: new Map() };
    (isPending ? this.#pending : this.#resources).set(resource, container);
    return container;
  }
}

function addScope(fields: ItemFields, at: number, scope: RecordedScope, resource: ResourceContainer): ScopeContainer {
  const { scopes, named } = resource;
  const isNamed = scope.attributes === undefined && !scope.droppedAttributesCount;
  const name = isNamed ? JSON.stringify([scope.name, scope.version, scope.schemaUrl]) : "";
  let container = isNamed ? named.get(name) : undefined;
  if (container === undefined) {
    container = { ...scopeParts(fields, at, scope), resource, starts: [], ends: [] };
    if (named.size === maxNamed) named.clear();
    if (isNamed) named.set(name, container);
  }
  scopes.set(scope, container);
  return container;
}

function resourceParts(fields: ItemFields, at: number, resource: RecordedResource): Container {
  const { output, attributes } = fields;
  output.room(at);
  output.bytes[at] = 0x0a;
  let end = attributes.write(at + 2, resource.attributes, attributes.site(0x0a));
  output.room(end);
  end = count(output.bytes, end, 0x10, resource.droppedAttributesCount);
  return parts(fields, at, output.close(at + 2, end, 1), resource.schemaUrl);
}

function scopeParts(fields: ItemFields, at: number, scope: RecordedScope): Container {
  const { output, attributes } = fields;
  output.room(at);
  output.bytes[at] = 0x0a;
  let end = output.optionalText(at + 2, 0x0a, scope.name);
  end = output.optionalText(end, 0x12, scope.version);
  if (scope.attributes) end = attributes.write(end, scope.attributes, attributes.site(0x1a));
  output.room(end);
  end = count(output.bytes, end, 0x20, scope.droppedAttributesCount);
  return parts(fields, at, output.close(at + 2, end, 1), scope.schemaUrl);
}

function parts({ output }: ItemFields, start: number, end: number, schemaUrl: string | undefined): Container {
  const tailEnd = output.optionalText(end, 0x1a, schemaUrl);
  return { head: output.bytes.slice(start, end), tail: output.bytes.slice(end, tailEnd) };
}

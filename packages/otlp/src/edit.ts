import type { Batch } from "@otlpkit/core";
import { assemble } from "./assemble.ts";
import { messages } from "./generated/schema.ts";
import { type Container, indexItems, type ItemIndex } from "./item-index.ts";
import { armType, type ItemView, itemView, pointType, typesOf } from "./item-view.ts";
import { expectPlain, isDivisible } from "./merge.ts";
import { type EditedPlace, EditingView, type MessageEditor } from "./message-editor.ts";
import { MovableView } from "./message-view.ts";
import { type Edit, splice } from "./splice.ts";
import { lengthDelimited } from "./wire.ts";

/**
 * What to do to the messages of a batch. Each function is called once for each message of its kind, in order, with an
 * editor that is valid during the call; all see the batch as it was before.
 */
export interface BatchEdits {
  /** For the resource of each group, even where the request does not name one: setting an attribute then makes one. */
  readonly resource?: (resource: MessageEditor) => void;
  /** For the instrumentation scope of each group, named or not. */
  readonly scope?: (scope: MessageEditor, around: ItemView) => void;
  /** For each metric; not called for other signals. */
  readonly metric?: (metric: MessageEditor, around: ItemView) => void;
  /** For each span, data point, log record or profile; `item` is the same item with what is around it. */
  readonly item?: (editor: MessageEditor, item: ItemView) => void;
}

/**
 * Makes a batch in which fields and attributes are changed. Works on the bytes: what is not changed, unknown fields
 * included, stays byte for byte. Groups without items are left as they are, their resources too. The same batch comes
 * back when nothing was changed.
 *
 * Throws `TypeError` for JSON and compressed batches, and for fields that do not exist or cannot hold a value.
 */
export function editBatch(batch: Batch, change: BatchEdits): Batch {
  expectPlain(batch, "edit");
  const { signal, body } = batch;
  const index = indexItems(signal, body, batch.items);
  const around = itemView(signal, body, index);
  const types = typesOf(signal);
  const edits: Edit[] = [];
  let innermost: Container | undefined;
  /** The containers that have been dealt with; those around the item at hand at their depths. */
  const current: (Container | undefined)[] = [];

  for (let item = 0; item < index.starts.length; item++) {
    around.go(item);
    const container = index.containers[index.parents[item] as number] as Container;
    if (container !== innermost) {
      innermost = container;
      editContainers(container);
    }
    if (change.item !== undefined) {
      const type = signal === "metrics" ? pointType(container.tag) : (types.at(-1) as string);
      run(type, placeOfItem(index, item), (editor) => change.item?.(editor, around));
    }
  }
  return edits.length === 0 ? batch : { ...batch, body: splice(body, edits) };

  function editContainers(container: Container): void {
    if (container.parent !== undefined) editContainers(container.parent);
    const { depth } = container;
    if (current[depth] === container) return;
    current[depth] = container;
    const type = depth > 3 ? armType(container.tag) : (types[depth] as string);
    if (depth === 1 && change.resource !== undefined) runInside(container, type, "resource", change.resource);
    if (depth === 2 && change.scope !== undefined) {
      runInside(container, type, "scope", (scope) => change.scope?.(scope, around));
    }
    if (depth === 3 && change.metric !== undefined) {
      run(type, placeOfContainer(container), (metric) => change.metric?.(metric, around));
    }
  }

  function runInside(container: Container, type: string, name: string, edit: (editor: MessageEditor) => void): void {
    const field = messages[type]?.fields.find((one) => one.name === name);
    if (field?.message === undefined) return;
    const outer = new MovableView(body, type);
    outer.move(container.rest);
    run(field.message, placeInside(container, outer.rangesOf(name), field.number), edit);
  }

  function run(type: string, place: EditedPlace, edit: (editor: MessageEditor) => void): void {
    const editor = new EditingView(body, type);
    editor.move(place.ranges);
    edit(editor);
    editor.takeEdits(place, edits);
  }
}

/**
 * Makes a batch of the items that `keep` says yes to, `undefined` when none is left. What is around them stays byte for
 * byte; what would be empty goes (N1-03). The same batch comes back when all stay.
 *
 * Throws `TypeError` for JSON and compressed batches. Profiles, which share one dictionary, stay whole unless all go.
 */
export function filterItems(batch: Batch, keep: (item: ItemView) => boolean): Batch | undefined {
  expectPlain(batch, "filter");
  const index = indexItems(batch.signal, batch.body, batch.items);
  const view = itemView(batch.signal, batch.body, index);
  const pieceOf: number[] = [];
  let items = 0;
  for (let item = 0; item < index.starts.length; item++) {
    view.go(item);
    const stays = keep(view);
    if (stays) items++;
    pieceOf.push(stays ? 0 : -1);
  }
  if (items === 0) return undefined;
  if (items === pieceOf.length || !isDivisible(batch)) return batch;
  return { ...batch, body: assemble(batch.body, index, pieceOf, 1)[0] as Uint8Array, items };
}

function placeOfItem(index: ItemIndex, item: number): EditedPlace {
  const start = index.contents[item] as number;
  const end = index.ends[item] as number;
  return { ranges: [start, end], within: () => start, end: { within: start, at: end }, create: cannotCreate };
}

function placeOfContainer(container: Container): EditedPlace {
  const { contentAt, end, rest } = container;
  return { ranges: rest, within: () => contentAt, end: { within: contentAt, at: end }, create: cannotCreate };
}

/** A message field of a container, which may be absent, or there several times as parts of one message. */
function placeInside(container: Container, ranges: readonly number[], number: number): EditedPlace {
  const { contentAt } = container;
  const last = ranges.length - 2;
  return {
    ranges,
    within: (range) => ranges[range] as number,
    end: last < 0 ? undefined : { within: ranges[last] as number, at: ranges[last + 1] as number },
    create: (content) => ({
      within: contentAt,
      start: contentAt,
      end: contentAt,
      bytes: lengthDelimited(number, content),
    }),
  };
}

function cannotCreate(): never {
  throw new Error("an item that exists needs not be made");
}

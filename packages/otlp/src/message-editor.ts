import { type AttributeValue, hasKey, writeKeyValue } from "./any-value.ts";
import type { FieldSchema } from "./generated/schema.ts";
import { type MessageView, MovableView } from "./message-view.ts";
import type { Edit } from "./splice.ts";
import { concatenate, type Cursor, lengthDelimited, lengthTag, readUint32, skipValue } from "./wire.ts";
import { type FieldValue, writeField } from "./write-field.ts";

/** A look at a message that can also be changed. Attributes that have been changed read as they will be. */
export interface MessageEditor extends MessageView {
  /**
   * Gives the attribute this value, in the place where it was, or at the end. A `number` becomes a double, a `bigint` an
   * integer.
   */
  setAttribute(key: string, value: AttributeValue): void;
  /** Takes the attribute out, all of that key should there be several. */
  removeAttribute(key: string): void;
  /** Gives a field this value; of a oneof the other arms go. Not for lists. Reads as before until the edit is done. */
  set(field: string, value: FieldValue): void;
  /** Takes a field out. Reads as before until the edit is done. */
  remove(field: string): void;
}

const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

/** A message to be edited, and where it is. */
export interface EditedPlace {
  /** Start and end of each range that is looked at. */
  readonly ranges: readonly number[];
  /** Where the content of the message begins that a range lies in. */
  within(range: number): number;
  /** Where something new is put; undefined while the message does not exist. */
  readonly end: { readonly within: number; readonly at: number } | undefined;
  /** How to make the message, of its content, when it does not exist. */
  create(content: Uint8Array): Edit;
}

/** The editor: remembers changes, and tells them as edits at the end. */
export class EditingView extends MovableView implements MessageEditor {
  private readonly attributes = new Map<string, AttributeValue | undefined>();
  private readonly fieldValues = new Map<FieldSchema, FieldValue | undefined>();

  override attribute(key: string): AttributeValue | undefined {
    return this.attributes.has(key) ? this.attributes.get(key) : super.attribute(key);
  }

  setAttribute(key: string, value: AttributeValue): void {
    this.field("attributes");
    this.attributes.set(key, value);
  }

  removeAttribute(key: string): void {
    this.field("attributes");
    this.attributes.set(key, undefined);
  }

  set(field: string, value: FieldValue): void {
    this.fieldValues.set(this.field(field), value);
  }

  remove(field: string): void {
    this.fieldValues.set(this.field(field), undefined);
  }

  /** Tells the changes and forgets them, so that the view can move on. */
  takeEdits(place: EditedPlace, edits: Edit[]): void {
    if (this.attributes.size === 0 && this.fieldValues.size === 0) return;
    const added: Uint8Array[] = [];
    if (this.attributes.size > 0) {
      const { number } = this.field("attributes");
      for (const [key, value] of this.attributes) {
        const wanted = encoder.encode(key);
        const bytes = value === undefined ? nothing : lengthDelimited(number, writeKeyValue(key, value));
        const isThis = (tag: number, at: number): boolean =>
          tag === lengthTag(number) && hasKeyAt(this.body, at, wanted);
        if (!this.replace(place, edits, isThis, bytes)) added.push(bytes);
      }
    }
    for (const [field, value] of this.fieldValues) {
      const bytes = value === undefined ? nothing : writeField(field, value);
      const numbers = field.oneof === undefined ? [field.number] : this.armsOf(field.oneof);
      if (!this.replace(place, edits, (tag) => numbers.includes(tag >>> 3), bytes)) added.push(bytes);
    }
    this.attributes.clear();
    this.fieldValues.clear();

    const content = added.filter((bytes) => bytes.length > 0);
    if (content.length === 0) return;
    const { end } = place;
    if (end === undefined) edits.push(place.create(concatenate(content)));
    else edits.push({ within: end.within, start: end.at, end: end.at, bytes: concatenate(content) });
  }

  /** Puts `bytes` in place of the first field that matches and takes out the others. Says whether there was one. */
  private replace(
    place: EditedPlace,
    edits: Edit[],
    matches: (tag: number, valueAt: number) => boolean,
    bytes: Uint8Array,
  ): boolean {
    const { ranges } = place;
    const cursor: Cursor = { at: 0 };
    let found = false;
    for (let range = 0; range < ranges.length; range += 2) {
      const end = ranges[range + 1] as number;
      cursor.at = ranges[range] as number;
      while (cursor.at < end) {
        const start = cursor.at;
        const tag = readUint32(this.body, cursor);
        const isMatch = matches(tag, cursor.at);
        skipValue(this.body, cursor, tag);
        if (!isMatch) continue;
        edits.push({ within: place.within(range), start, end: cursor.at, bytes: found ? nothing : bytes });
        found = true;
      }
    }
    return found;
  }
}

/** Whether the KeyValue whose length is at `at` has this key. */
function hasKeyAt(body: Uint8Array, at: number, key: Uint8Array): boolean {
  const cursor: Cursor = { at };
  const end = readUint32(body, cursor) + cursor.at;
  return hasKey(body, cursor.at, end, key);
}

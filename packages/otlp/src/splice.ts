import { type Cursor, readUint32, skipValue, varintSize, wireType, writeVarint } from "./wire.ts";

/** One change to a message inside a request: some of its fields taken out, bytes put in their place. */
export interface Edit {
  /** Where the content of the message begins that the change is made in: after its length. 0 is the request itself. */
  readonly within: number;
  /** Where what is taken out begins. A place between fields of the message, or its end. */
  readonly start: number;
  /** Where what is taken out ends; equal to `start` to take out nothing. Between fields or at the end, too. */
  readonly end: number;
  /** What is put there: whole fields with their tags, or nothing. */
  readonly bytes: Uint8Array;
}

/**
 * Makes a request with the changes, of one that has passed `scan`. The lengths of all messages around a change are put
 * right; every other byte stays as it is. Changes must not overlap; those at one place are made in the order given.
 *
 * Takes time in proportion to the fields of the messages around changes, and copies once.
 *
 * Throws `RangeError` when a change is not between fields of a message of the request, which is a mistake of the caller.
 */
export function splice(body: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return body;
  // Where a message ends inside another, the change to the inner one comes first.
  const sorted = edits.toSorted((a, b) => a.start - b.start || b.within - a.within);
  const parts: Part[] = [];
  const cursor: Cursor = { at: 0 };
  let next = 0;

  /** Lists what the message in `[start, end)` becomes and returns its new size; the cursor is at `start`. */
  const rewrite = (start: number, end: number): number => {
    let size = 0;
    let copied = start;
    const copyTo = (to: number): void => {
      if (to > copied) parts.push({ start: copied, end: to });
      size += to - copied;
      copied = to;
    };
    for (;;) {
      for (let edit = sorted[next]; edit !== undefined && edit.within === start; edit = sorted[next]) {
        if (edit.start !== cursor.at) break;
        if (edit.start < copied || edit.end < edit.start || edit.end > end) throw misplaced(edit);
        copyTo(edit.start);
        if (edit.bytes.length > 0) parts.push(edit.bytes);
        size += edit.bytes.length;
        while (cursor.at < edit.end) skipValue(body, cursor, readUint32(body, cursor));
        if (cursor.at !== edit.end) throw misplaced(edit);
        copied = edit.end;
        next++;
      }
      if (cursor.at >= end) break;

      const tag = readUint32(body, cursor);
      if ((tag & 7) !== wireType.length) {
        skipValue(body, cursor, tag);
        continue;
      }
      const lengthAt = cursor.at;
      const valueEnd = readUint32(body, cursor) + cursor.at;
      const within = sorted[next]?.within ?? -1;
      if (within < cursor.at || within > valueEnd) {
        cursor.at = valueEnd;
        continue;
      }
      copyTo(lengthAt);
      const length = { length: 0 };
      parts.push(length);
      length.length = rewrite(cursor.at, valueEnd);
      size += varintSize(length.length) + length.length;
      copied = valueEnd;
      cursor.at = valueEnd;
    }
    copyTo(end);
    return size;
  };

  const out = new Uint8Array(rewrite(0, body.length));
  const left = sorted[next];
  if (left !== undefined) throw misplaced(left);
  write(body, out, parts);
  return out;
}

/** A piece of the result: bytes put in, a range of the original, or a length. */
type Part = Uint8Array | { readonly start: number; readonly end: number } | { readonly length: number };

function write(body: Uint8Array, out: Uint8Array, parts: readonly Part[]): void {
  let at = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      out.set(part, at);
      at += part.length;
    } else if ("start" in part) {
      out.set(body.subarray(part.start, part.end), at);
      at += part.end - part.start;
    } else {
      at = writeVarint(out, at, part.length);
    }
  }
}

function misplaced(edit: Edit): RangeError {
  const { within, start, end } = edit;
  return new RangeError(
    `cannot splice [${start}, ${end}) within the message at ${within}: these are not places between its fields, or changes overlap`,
  );
}

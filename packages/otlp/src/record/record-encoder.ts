import { type Batch, ExportError, type Signal } from "@otlpkit/core";
import { ItemFields } from "./item-fields.ts";
import { OpenChunk } from "./open-chunk.ts";
import { Output } from "./output.ts";

/**
 * Turns items of one signal into protobuf, each as it comes, so that the object is not needed any longer. What was written
 * collects in an open chunk until it is taken.
 *
 * Text with lone surrogates is written with U+FFFD in their place, attributes with an empty key are left out, and what
 * proto3 reads absence as is not written.
 */
export interface RecordEncoder<Item> {
  /**
   * Writes the item into the open chunk and gives the bytes it took.
   *
   * @throws ExportError "invalid" when the item cannot be read (a getter that throws, a span without ids) or was made by
   * reading another (a `toJSON` that ends a span), "too-large" when it takes more than 64 MiB. The chunk is then as it was.
   */
  add(item: Item): number;
  /** How many are in the open chunk: spans, log records, or data points of metrics. */
  readonly items: number;
  /** How many bytes `take` would give, about. */
  readonly bytes: number;
  /** The open chunk as one Export request, and begins another; undefined when it is empty. */
  take(): Batch | undefined;
}

/** What writes the items of a signal. It may write into the chunk several times for one item. */
export interface ItemWriter<Item> {
  add(item: Item, chunk: OpenChunk): void;
}

/** The encoder for a signal. `writerFor` is asked again when what is kept ready has become too much. */
export function recordEncoder<Item>(
  signal: Signal,
  writerFor: (fields: ItemFields) => ItemWriter<Item>,
): RecordEncoder<Item> {
  const output = new Output();
  let fields = new ItemFields(output);
  let writer = writerFor(fields);
  const chunk = new OpenChunk(signal, fields);
  let isAdding = false;

  return {
    add(item) {
      if (isAdding)
        throw new ExportError("invalid", `cannot encode an item of ${signal} that another, being read, made`);
      const { at, items } = chunk;
      output.itemStart = at;
      isAdding = true;
      try {
        writer.add(item, chunk);
      } catch (error) {
        chunk.cutBack(at, items);
        throw ExportError.is(error) ? error : unreadable(signal, error);
      } finally {
        isAdding = false;
      }
      return chunk.at - at;
    },
    get items() {
      return chunk.items;
    },
    get bytes() {
      return chunk.bytes;
    },
    take() {
      if (isAdding) return undefined; // asked by the item that is being read
      const batch = chunk.take();
      if (fields.ready.full) {
        fields = new ItemFields(output);
        writer = writerFor(fields);
        chunk.fields = fields;
      }
      return batch;
    },
  };
}

function unreadable(signal: Signal, cause: unknown): ExportError {
  const name = cause instanceof Error ? cause.name : typeof cause;
  const message = `cannot encode an item of ${signal}: a member is missing or throws when it is read (${name})`;
  return new ExportError("invalid", message, { cause });
}

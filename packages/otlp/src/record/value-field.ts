import { maxMessageDepth } from "../depth.ts";
import { writeVarint, writeVarint64 } from "../wire.ts";
import type { AttributeFields, AttributeSite } from "./attribute-fields.ts";
import type { Output } from "./output.ts";

/**
 * How many messages are around a value that is the deepest (in an attribute of an exemplar) and not inside another value.
 * The same is assumed everywhere, so that whatever nests as far as it may passes `scan`.
 */
export const topValueDepth = 8;

const twoTo32 = 0x1_0000_0000;
const twoTo63 = 2 ** 63;

/**
 * Writes an AnyValue, without tag and length. Every JavaScript value becomes one (M-19, M-20):
 *
 * - a number that is an integer of 64 bits, an integer; another, and -0, a double; a bigint beyond 64 bits, its digits
 * - a Uint8Array, bytes; another typed array, an Array or Set, a list; a Map or other object, a map
 * - what has `toJSON` (a Date, a URL), what that gives; an Error, its name and message
 * - null, undefined, a function, a symbol, an object inside itself and what is nested too deep, the empty value
 */
export class ValueField {
  readonly #output: Output;
  readonly #attributes: AttributeFields;
  #inside: AttributeSite | undefined;
  /** The objects that are being written, each inside the one before. */
  readonly #around: object[] = [];

  constructor(output: Output, attributes: AttributeFields) {
    this.#output = output;
    this.#attributes = attributes;
  }

  /** Needs room. `depth`: how many messages are around the value, itself included. */
  write(at: number, value: unknown, depth: number = topValueDepth): number {
    const { bytes, view } = this.#output;
    switch (typeof value) {
      case "number":
        return this.#number(at, value);
      case "string":
        return this.#output.textField(at, 0x0a, value);
      case "boolean":
        bytes[at] = 0x10;
        bytes[at + 1] = value ? 1 : 0;
        return at + 2;
      case "bigint":
        if (BigInt.asIntN(64, value) !== value) return this.#output.textField(at, 0x0a, String(value));
        bytes[at] = 0x18;
        view.setBigInt64(at + 1, value, true);
        return writeVarint64(bytes, at + 1, view.getInt32(at + 1, true), view.getInt32(at + 5, true));
      case "object":
        return value === null ? at : this.#object(at, value, depth);
      default:
        return at;
    }
  }

  #number(at: number, value: number): number {
    const { bytes, view } = this.#output;
    if (value > 0 ? value < twoTo63 : value >= -twoTo63 && !Object.is(value, -0)) {
      if (value === value >>> 0) {
        bytes[at] = 0x18;
        return writeVarint(bytes, at + 1, value);
      }
      if (Number.isInteger(value)) {
        bytes[at] = 0x18;
        return writeVarint64(bytes, at + 1, value, Math.floor(value / twoTo32));
      }
    }
    bytes[at] = 0x21;
    view.setFloat64(at + 1, value, true);
    return at + 9;
  }

  #object(at: number, value: object, depth: number): number {
    if (ArrayBuffer.isView(value)) return this.#view(at, value, depth);
    if (value instanceof Error) return this.#output.textField(at, 0x0a, String(value));
    const around = this.#around;
    if (depth === topValueDepth) around.length = 0; // an item that failed may have left something
    if (around.includes(value)) return at;
    around.push(value);
    const end = this.#open(at, value, depth);
    around.pop();
    return end;
  }

  #open(at: number, value: object, depth: number): number {
    if ("toJSON" in value && typeof value.toJSON === "function") {
      return depth < maxMessageDepth ? this.write(at, value.toJSON(), depth + 1) : at;
    }
    if (Array.isArray(value)) return this.#list(at, value, depth);
    if (value instanceof Set) return this.#list(at, [...value], depth);
    if (depth + 3 > maxMessageDepth) return at;
    this.#output.bytes[at] = 0x32;
    return this.#output.close(at + 2, this.#entries(at + 2, value, depth + 3), 1);
  }

  #entries(at: number, value: object, depth: number): number {
    if (!(value instanceof Map)) {
      this.#inside ??= this.#attributes.site(0x0a);
      return this.#attributes.write(at, value, this.#inside, depth);
    }
    let end = at;
    for (const [key, inner] of value) end = this.#attributes.entry(end, 0x0a, String(key), inner, depth);
    return end;
  }

  #list(at: number, values: readonly unknown[], depth: number): number {
    if (depth + 2 > maxMessageDepth) return at;
    const output = this.#output;
    output.bytes[at] = 0x2a;
    let end = at + 2;
    for (let index = 0; index < values.length; index++) {
      output.room(end);
      output.bytes[end] = 0x0a;
      end = output.close(end + 2, this.write(end + 2, values[index], depth + 2), 1);
    }
    return output.close(at + 2, end, 1);
  }

  #view(at: number, value: ArrayBufferView, depth: number): number {
    if ("BYTES_PER_ELEMENT" in value && value.BYTES_PER_ELEMENT !== 1) {
      return this.#list(at, Array.from(value as unknown as ArrayLike<number | bigint>), depth);
    }
    return this.#output.bytesField(at, 0x3a, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
}

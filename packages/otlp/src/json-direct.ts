// Protobuf to OTLP/JSON in one pass, bytes to bytes, for requests as everybody writes them. For the odd ones, and for
// saying what is wrong with damaged ones, there are the objects.

import { writeBase64, writeHex } from "./json-bytes.ts";
import { writeDouble, writeSigned, writeUnsigned } from "./json-decimal.ts";
import { JsonOutput, readyAscii } from "./json-output.ts";
import { form, type JsonMessage, jsonMessage, type JsonStep } from "./json-steps.ts";
import { writeText } from "./json-text.ts";
import { fixed32Type, fixed64Type, lengthType, maxMessageDepth, varintType } from "./layout.ts";

/**
 * One line of JSON for a message, or nothing if that takes objects: when a field that is not repeated occurs twice, two
 * arms of a oneof do, or values of a repeated field lie apart from each other; when unknown fields are groups; and when
 * the bytes are damaged. Fields come in the order in which they lie there.
 */
export function protobufToJsonDirectly(name: string, body: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const out = new JsonOutput(Math.ceil(body.length * expectedGrowth) + 256);
  return new Walk(body, out).message(jsonMessage(name), 0, body.length, 0) ? out.finish() : undefined;
}

/** How much longer JSON is than protobuf. */
const expectedGrowth = 2.6;

const openBrace = 0x7b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;
const comma = 0x2c;
const quote = 0x22;
const trueText = /* @__PURE__ */ readyAscii("true");
const falseText = /* @__PURE__ */ readyAscii("false");
const keyText = /* @__PURE__ */ readyAscii('{"key":"');
const valueText = /* @__PURE__ */ readyAscii(',"value":');
const stringText = /* @__PURE__ */ readyAscii(',"value":{"stringValue":"');

const keyTag = 0x0a;
const valueTag = 0x12;
const stringTag = 0x0a;

/** Whether a KeyValue is a key and a value in this order, shorter than 128 bytes together, as nearly all are. */
function isPlain(body: Uint8Array, start: number, stop: number): boolean {
  const length = stop - start;
  if (length < 5 || length > 0x7f || body[start] !== keyTag) return false;
  const keyLength = body[start + 1]!;
  const valueAt = start + 2 + keyLength;
  return keyLength > 0 && valueAt + 2 <= stop && body[valueAt] === valueTag && body[valueAt + 1] === stop - valueAt - 2;
}

/** Methods that return a boolean return false to give up. */
class Walk {
  private readonly body: Uint8Array;
  private readonly view: DataView;
  private readonly out: JsonOutput;
  private readonly keyValue: JsonMessage;
  private readonly anyValue: JsonMessage;
  private at = 0;
  /** The number that was read last. `high` is 0 if its kind has no more than 32 bits. */
  private low = 0;
  private high = 0;

  constructor(body: Uint8Array, out: JsonOutput) {
    this.body = body;
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    this.out = out;
    this.keyValue = jsonMessage("opentelemetry.proto.common.v1.KeyValue");
    this.anyValue = jsonMessage("opentelemetry.proto.common.v1.AnyValue");
  }

  message(message: JsonMessage, start: number, end: number, depth: number): boolean {
    if (depth > maxMessageDepth) return false;
    const { body, out } = this;
    const { steps } = message;
    const opening = out.at;
    let seen = 0;
    let list = 0; // the bit of the field whose list is open
    this.at = start;
    while (this.at < end) {
      let tag = body[this.at++]!;
      if (tag > 0x7f) {
        if (this.at === end || body[this.at]! > 0x7f) return false;
        tag = (tag & 0x7f) | (body[this.at++]! << 7);
      }
      const step = tag < steps.length ? steps[tag] : undefined;
      if (step === undefined) {
        if (!this.skipUnknown(message, tag, end)) return false;
        continue;
      }
      if (list !== 0 && list !== step.bit) {
        out.reserve(1);
        out.byte(closeBracket);
        list = 0;
      }
      if (list === 0 && (seen & step.conflicts) !== 0) return false;
      seen |= step.bit;
      const before = out.at;
      if (
        step.wireType === lengthType
          ? !this.lengthed(step, list !== 0, end, depth)
          : !this.numbers(step, list !== 0, end)
      )
        return false;
      if (step.repeated && out.at > before) list = step.bit;
    }
    out.reserve(2);
    if (list !== 0) out.byte(closeBracket);
    // Each member begins with a comma; the first comma becomes the brace.
    if (out.at === opening) out.byte(openBrace);
    else out.bytes[opening] = openBrace;
    out.byte(closeBrace);
    return true;
  }

  /** A key and a value that {@link isPlain}. Most of a request is attributes. */
  private attribute(start: number, stop: number, depth: number): boolean {
    const { body, out } = this;
    const valueAt = start + 2 + body[start + 1]!;
    out.reserve(keyText.length);
    out.ready(keyText);
    if (!writeText(out, body, this.view, start + 2, valueAt)) return false;
    const from = valueAt + 2;
    out.reserve(stringText.length);
    if (stop - from > 1 && body[from] === stringTag && body[from + 1] === stop - from - 2) {
      if (depth + 2 > maxMessageDepth) return false;
      out.ready(stringText);
      if (!writeText(out, body, this.view, from + 2, stop)) return false;
      out.reserve(2);
      out.byte(closeBrace);
    } else {
      out.ready(valueText);
      if (!this.message(this.anyValue, from, stop, depth + 2)) return false;
      out.reserve(1);
    }
    out.byte(closeBrace);
    return true;
  }

  /** Text, bytes or a message. `isNext` in a list that is open. */
  private lengthed(step: JsonStep, isNext: boolean, end: number, depth: number): boolean {
    const stop = this.lengthEnd(end);
    if (stop < 0) return false;
    const { body, out } = this;
    const from = this.at;
    this.at = stop;
    if (step.inner !== undefined) {
      this.open(step, isNext);
      if (step.inner === this.keyValue && isPlain(body, from, stop)) return this.attribute(from, stop, depth);
      return this.message(step.inner, from, stop, depth + 1);
    }
    if (from === stop && !step.explicit && !step.repeated) return true;
    this.open(step, isNext);
    if (step.form === form.text) return writeText(out, body, this.view, from, stop);
    if (step.form === form.hex) writeHex(out, body, from, stop);
    else writeBase64(out, body, from, stop);
    out.reserve(1);
    out.byte(quote);
    return true;
  }

  /** A number, or several behind one length. */
  private numbers(step: JsonStep, isNext: boolean, end: number): boolean {
    if (!step.packed) {
      if (!this.number(step, end)) return false;
      if (this.low === 0 && this.high === 0 && !step.explicit && !step.repeated) return true;
      this.open(step, isNext);
      this.writeNumber(step);
      return true;
    }
    const stop = this.lengthEnd(end);
    if (stop < 0) return false;
    for (let isLater = isNext; this.at < stop; isLater = true) {
      if (!this.number(step, stop)) return false;
      this.open(step, isLater);
      this.writeNumber(step);
    }
    return true;
  }

  /** Writes what stands in front of a value. */
  private open({ key, quoted, repeated }: JsonStep, isNext: boolean): void {
    const { out } = this;
    out.reserve(key.length + 2);
    if (isNext) out.byte(comma);
    else out.ready(key);
    if (repeated && quoted) out.byte(quote);
  }

  private writeNumber(step: JsonStep): void {
    const { high, low, out } = this;
    switch (step.form) {
      case form.signed64:
      case form.unsigned64:
        if (step.form === form.signed64) writeSigned(out, low, high);
        else writeUnsigned(out, low, high);
        out.reserve(1);
        out.byte(quote);
        return;
      case form.double:
        writeDouble(out, this.view.getFloat64(this.at - 8, true));
        return;
      case form.bool:
        out.reserve(falseText.length);
        out.ready((low | high) === 0 ? falseText : trueText);
        return;
      case form.unsigned32:
        writeUnsigned(out, low, 0);
        return;
      default: {
        const value = step.form === form.zigzag32 ? (low >>> 1) ^ -(low & 1) : low;
        writeSigned(out, value, value >> 31);
      }
    }
  }

  private number(step: JsonStep, end: number): boolean {
    const { at } = this;
    if (step.wireType === varintType) {
      if (!this.varint(end)) return false;
      if (step.isNarrow) this.high = 0;
      return true;
    }
    const bytes = step.wireType === fixed32Type ? 4 : 8;
    if (end - at < bytes) return false;
    this.low = this.view.getInt32(at, true);
    this.high = bytes === 4 ? 0 : this.view.getInt32(at + 4, true);
    this.at = at + bytes;
    return true;
  }

  /** The end of what has its length in front, or -1. */
  private lengthEnd(end: number): number {
    if (!this.varint(end) || this.high !== 0 || this.low < 0) return -1;
    const stop = this.at + this.low;
    return stop > end ? -1 : stop;
  }

  /** What goes beyond 64 bits is dropped, as everywhere. */
  private varint(end: number): boolean {
    const { body } = this;
    let { at } = this;
    if (at < end && body[at]! < 0x80) {
      this.low = body[at]!;
      this.high = 0;
      this.at = at + 1;
      return true;
    }
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70 && at < end; shift += 7) {
      const byte = body[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 64) high |= bits << (shift - 32);
      if (byte > 0x7f) continue;
      this.low = low;
      this.high = high;
      this.at = at;
      return true;
    }
    return false;
  }

  /** Passes over a field that the schema does not know. */
  private skipUnknown({ layout }: JsonMessage, tag: number, end: number): boolean {
    if (tag < 8 || layout.byNumber[tag >>> 3] !== undefined) return false; // no field, or one with a wrong wire type
    switch (tag & 7) {
      case varintType:
        return this.varint(end);
      case fixed64Type:
        this.at += 8;
        break;
      case fixed32Type:
        this.at += 4;
        break;
      case lengthType:
        this.at = this.lengthEnd(end);
        return this.at >= 0;
      default:
        return false;
    }
    return this.at <= end;
  }
}

// Protobuf to OTLP/JSON in one pass, bytes to bytes, for requests as everybody writes them. For the odd ones, and for
// saying what is wrong with damaged ones, there are the objects.

import { CheckedReader } from "./checked-reader.ts";
import { writeBase64, writeHex } from "./json-bytes.ts";
import { writeDouble, writeSigned, writeUnsigned } from "./json-decimal.ts";
import { JsonOutput, readyAscii } from "./json-output.ts";
import { form, type JsonMessage, jsonMessage, type JsonStep } from "./json-steps.ts";
import { writeText } from "./json-text.ts";
import { maxMessageDepth } from "./depth.ts";
import { lengthType } from "./layout.ts";

/**
 * One line of JSON for a message, or nothing if that takes objects: when a field that is not repeated occurs twice, two
 * arms of a oneof do, or values of a repeated field lie apart from each other; when unknown fields are groups; and when
 * the bytes are damaged. Fields come in the order in which they lie there.
 */
export function protobufToJsonDirectly(name: string, body: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const out = new JsonOutput(Math.ceil(body.length * expectedGrowth) + 256);
  return new Walk(new CheckedReader(body), out).message(jsonMessage(name), 0, body.length, 0)
    ? out.finish()
    : undefined;
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

/** Methods return false to give up. */
class Walk {
  private readonly from: CheckedReader;
  private readonly out: JsonOutput;
  private readonly keyValue: JsonMessage;
  private readonly anyValue: JsonMessage;

  constructor(from: CheckedReader, out: JsonOutput) {
    this.from = from;
    this.out = out;
    this.keyValue = jsonMessage("opentelemetry.proto.common.v1.KeyValue");
    this.anyValue = jsonMessage("opentelemetry.proto.common.v1.AnyValue");
  }

  message(message: JsonMessage, start: number, end: number, depth: number): boolean {
    if (depth > maxMessageDepth) return false;
    const { from, out } = this;
    const { layout, steps } = message;
    const opening = out.at;
    let seen = 0;
    let list = 0; // the bit of the field whose list is open
    from.at = start;
    while (from.at < end) {
      const tag = from.tag(end);
      if (tag < 8) return false;
      const step = tag < steps.length ? steps[tag] : undefined;
      if (step === undefined) {
        if (layout.byNumber[tag >>> 3] !== undefined || !from.skip(tag, end)) return false; // known, or damaged
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
      const isDone =
        step.wireType === lengthType
          ? this.lengthed(step, list !== 0, end, depth)
          : this.numbers(step, list !== 0, end);
      if (!isDone) return false;
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
    const { out } = this;
    const { body, view } = this.from;
    const valueAt = start + 2 + body[start + 1]!;
    out.reserve(keyText.length);
    out.ready(keyText);
    if (!writeText(out, body, view, start + 2, valueAt)) return false;
    const inner = valueAt + 2;
    out.reserve(stringText.length);
    if (stop - inner > 1 && body[inner] === stringTag && body[inner + 1] === stop - inner - 2) {
      if (depth + 2 > maxMessageDepth) return false;
      out.ready(stringText);
      if (!writeText(out, body, view, inner + 2, stop)) return false;
      out.reserve(2);
      out.byte(closeBrace);
    } else {
      out.ready(valueText);
      if (!this.message(this.anyValue, inner, stop, depth + 2)) return false;
      out.reserve(1);
    }
    out.byte(closeBrace);
    return true;
  }

  /** Text, bytes or a message. `isNext` in a list that is open. */
  private lengthed(step: JsonStep, isNext: boolean, end: number, depth: number): boolean {
    const stop = this.from.lengthEnd(end);
    if (stop < 0) return false;
    const { out } = this;
    const { at, body, view } = this.from;
    this.from.at = stop;
    if (step.inner !== undefined) {
      this.open(step, isNext);
      if (step.inner === this.keyValue && isPlain(body, at, stop)) return this.attribute(at, stop, depth);
      return this.message(step.inner, at, stop, depth + 1);
    }
    if (at === stop && !step.explicit && !step.repeated) return true;
    this.open(step, isNext);
    if (step.form === form.text) return writeText(out, body, view, at, stop);
    if (step.form === form.hex) writeHex(out, body, at, stop);
    else writeBase64(out, body, at, stop);
    out.reserve(1);
    out.byte(quote);
    return true;
  }

  /** A number, or several behind one length. */
  private numbers(step: JsonStep, isNext: boolean, end: number): boolean {
    const { from } = this;
    if (!step.packed) {
      if (!from.number(step.wireType, end)) return false;
      if (from.low === 0 && (from.high === 0 || step.isNarrow) && !step.explicit && !step.repeated) return true;
      this.open(step, isNext);
      this.writeNumber(step);
      return true;
    }
    const stop = from.lengthEnd(end);
    if (stop < 0) return false;
    for (let isLater = isNext; from.at < stop; isLater = true) {
      if (!from.number(step.wireType, stop)) return false;
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
    const { out } = this;
    const { at, high, low, view } = this.from;
    switch (step.form) {
      case form.signed64:
      case form.unsigned64:
        if (step.form === form.signed64) writeSigned(out, low, high);
        else writeUnsigned(out, low, high);
        out.reserve(1);
        out.byte(quote);
        return;
      case form.double:
        writeDouble(out, view.getFloat64(at - 8, true));
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
}

import type { ItemFields } from "./item-fields.ts";
import { count } from "./number-fields.ts";
import type { OpenChunk } from "./open-chunk.ts";
import { type ItemWriter, type RecordEncoder, recordEncoder } from "./record-encoder.ts";
import type { RecordedLog } from "./recorded-log.ts";

/** The encoder of log records, to be used for all of a program: it remembers what they have in common. */
export function logEncoder(): RecordEncoder<RecordedLog> {
  return recordEncoder("logs", (fields) => new LogWriter(fields));
}

/** Writes log records as items of ScopeLogs, fields in the order of their numbers. */
class LogWriter implements ItemWriter<RecordedLog> {
  readonly #fields: ItemFields;
  readonly #severityText;
  readonly #attributes;
  readonly #eventName;
  // How many bytes the length of a record and of its body took last time, which is what the next is given room for.
  #lengthSize = 2;
  #bodyLengthSize = 1;

  constructor(fields: ItemFields) {
    this.#fields = fields;
    this.#severityText = fields.textField(0x1a);
    this.#attributes = fields.attributes.site(0x32);
    this.#eventName = fields.textField(0x62);
  }

  add(log: RecordedLog, chunk: OpenChunk): void {
    const scope = chunk.scope(log.resource, log.instrumentationScope);
    chunk.append(scope, this.#log(chunk.at, log), 1);
  }

  #log(at: number, log: RecordedLog): number {
    const { output, traceId, spanId, time, attributes } = this.#fields;
    output.room(at);
    output.bytes[at] = 0x12;
    const reserved = this.#lengthSize;
    const start = at + 1 + reserved;
    let end = time.write(start, 0x09, log.hrTime);
    end = count(output.bytes, end, 0x10, log.severityNumber);
    end = this.#severityText.write(end, log.severityText);
    const { body } = log;
    if (body !== undefined) end = this.#body(end, body);
    end = attributes.write(end, log.attributes, this.#attributes);
    output.room(end);
    end = count(output.bytes, end, 0x38, log.droppedAttributesCount);
    const context = log.spanContext;
    if (context) {
      const flags = context.traceFlags & 0xff;
      if (flags !== 0) {
        output.bytes[end] = 0x45;
        output.view.setUint32(end + 1, flags, true);
        end += 5;
      }
      end = traceId.write(end, 0x4a, context.traceId);
      end = spanId.write(end, 0x52, context.spanId);
    }
    end = time.write(end, 0x59, log.hrTimeObserved);
    end = this.#eventName.write(end, log.eventName);
    const closed = output.close(start, end, reserved);
    this.#lengthSize = reserved + closed - end;
    return closed;
  }

  #body(at: number, body: unknown): number {
    const { output, attributes } = this.#fields;
    output.room(at);
    output.bytes[at] = 0x2a;
    const reserved = this.#bodyLengthSize;
    const start = at + 1 + reserved;
    const end = attributes.value.write(start, body);
    const closed = output.close(start, end, reserved);
    this.#bodyLengthSize = reserved + closed - end;
    return closed;
  }
}

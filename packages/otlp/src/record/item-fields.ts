import { AttributeFields } from "./attribute-fields.ts";
import { IdField } from "./id-field.ts";
import type { Output } from "./output.ts";
import { ReadyBytes } from "./ready-bytes.ts";
import { TextField } from "./ready-texts.ts";
import { TimeField } from "./time-field.ts";

/** What items of all signals are written with: where to, and what is kept from one to the next. */
export class ItemFields {
  readonly output: Output;
  readonly ready: ReadyBytes = new ReadyBytes();
  readonly attributes: AttributeFields;
  readonly traceId: IdField;
  readonly spanId: IdField;
  readonly time: TimeField;

  constructor(output: Output) {
    this.output = output;
    this.attributes = new AttributeFields(output, this.ready);
    this.traceId = new IdField(output, 16);
    this.spanId = new IdField(output, 8);
    this.time = new TimeField(output);
  }

  /** A field for texts that repeat. */
  textField(tag: number): TextField {
    return new TextField(this.output, this.ready, tag);
  }
}

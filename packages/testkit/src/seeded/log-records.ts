import { itemIdAttribute } from "../item-ids.ts";
import type { ProtobufWriter } from "../protobuf.ts";
import { writeAttribute, writePointAttributes } from "./attributes.ts";
import type { ItemSource } from "./item-source.ts";

const bodies = [
  "request completed",
  "could not reserve stock for order, will try again",
  "cache miss; loading catalog page from the database",
  "payment provider answered late: the circuit breaker is half open, one request is let through as a trial",
];
const severities = [5, 9, 9, 9, 13, 17] as const;
const severityTexts: Readonly<Record<number, string>> = { 5: "DEBUG", 9: "INFO", 13: "WARN", 17: "ERROR" };

/** `ScopeLogs.log_records`: mostly text, every eighth a structured body. */
export function logRecordWriter(source: ItemSource): (to: ProtobufWriter) => void {
  const { random } = source;
  return (to) => {
    const time = source.nextTime();
    const severity = random.pick(severities);
    to.message(2, () => {
      to.fixed64(1, time);
      to.uint(2, severity);
      to.string(3, severityTexts[severity] ?? "");
      to.message(5, () => {
        if (random.below(8) > 0) return to.string(1, random.pick(bodies));
        to.message(6, () => {
          writeAttribute(to, 1, "event", "order placed");
          writeAttribute(to, 1, "amount", random.next() * 100);
          writeAttribute(to, 1, "items", BigInt(1 + random.below(9)));
        });
      });
      writePointAttributes(to, 6, random);
      writeAttribute(to, 6, itemIdAttribute, source.itemId());
      to.fixed32(8, 1);
      to.bytes(9, random.bytes(16));
      to.bytes(10, source.spanId());
      to.fixed64(11, time + 1000n);
    });
  };
}

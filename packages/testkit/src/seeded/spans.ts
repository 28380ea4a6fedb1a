import type { ProtobufWriter } from "../protobuf.ts";
import { writeAttribute, writeSpanAttributes } from "./attributes.ts";
import type { ItemSource } from "./item-source.ts";

const names = ["GET /api/cart/{id}", "POST /api/orders", "SELECT shop.orders", "grpc.shop.Catalog/Find", "redis GET"];
const spansPerTrace = 8;

/** `ScopeSpans.spans`: about 447 bytes each, as measured in real traffic: nine attributes, one event. */
export function spanWriter(source: ItemSource): (to: ProtobufWriter) => void {
  const { random } = source;
  let traceId = random.bytes(16);
  let parent: Uint8Array | undefined;
  let inTrace = 0;
  return (to) => {
    if (inTrace++ === spansPerTrace) {
      traceId = random.bytes(16);
      parent = undefined;
      inTrace = 1;
    }
    const id = source.spanId();
    const start = source.nextTime();
    const durationNanos = BigInt(50_000 + random.below(80_000_000));
    to.message(2, () => {
      to.bytes(1, traceId);
      to.bytes(2, id);
      if (parent) to.bytes(4, parent);
      to.string(5, random.pick(names));
      to.uint(6, 1 + random.below(5));
      to.fixed64(7, start);
      to.fixed64(8, start + durationNanos);
      writeSpanAttributes(to, 9, random);
      writeAttribute(to, 9, "enduser.id", `user-${100_000 + random.below(900_000)}`);
      to.message(11, () => {
        to.fixed64(1, start + durationNanos / 2n);
        to.string(2, "message");
        writeAttribute(to, 3, "message.type", "SENT");
        writeAttribute(to, 3, "message.id", BigInt(random.below(2 ** 31)));
      });
      if (random.below(20) === 0) {
        to.message(15, () => {
          to.string(2, "upstream connect error or disconnect before headers");
          to.uint(3, 2);
        });
      }
      to.fixed32(16, 0x103);
    });
    parent = id;
  };
}

import { ExportError } from "@otlpkit/core";

/** Bytes in front of each gRPC message: one of flags, four of length. */
const prefixBytes = 5;

/** A message as gRPC sends it, not compressed. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(prefixBytes + message.byteLength);
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/**
 * Cuts what arrives into messages, wherever the borders of its pieces are. Returns what takes a piece and gives the
 * messages that are whole with it.
 *
 * @throws ExportError "bad-response" when a message is larger than `maxBytes`, or compressed, for which we did not ask.
 */
export function frames(maxBytes: number): (piece: Uint8Array) => Uint8Array[] {
  let pieces: Uint8Array[] = [];
  let held = 0;
  let wanted = prefixBytes;
  return (piece) => {
    pieces.push(piece);
    held += piece.byteLength;
    const whole: Uint8Array[] = [];
    while (held >= wanted) {
      const buffer = Buffer.concat(pieces, held);
      const length = buffer.readUInt32BE(1);
      if (buffer[0] !== 0 || length > maxBytes) {
        const what = buffer[0] === 0 ? `has ${length} bytes, more than the ${maxBytes} allowed` : "is compressed";
        throw new ExportError("bad-response", `a message of etcd ${what}`, { retryable: true });
      }
      wanted = prefixBytes + length;
      if (held >= wanted) {
        whole.push(buffer.subarray(prefixBytes, wanted));
        held -= wanted;
        pieces = held === 0 ? [] : [buffer.subarray(wanted)];
        wanted = prefixBytes;
      } else {
        pieces = [buffer];
      }
    }
    return whole;
  };
}

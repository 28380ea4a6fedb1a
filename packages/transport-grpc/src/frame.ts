/** Bytes in front of each gRPC message: one of flags, four of length. */
export const prefixBytes = 5;

/** A message of zero bytes, framed: the answer "everything was taken" (B-05). */
export const emptyMessage: Uint8Array = new Uint8Array(prefixBytes);

/** The five bytes that go in front of a message. */
export function messagePrefix(length: number, compressed: boolean): Buffer {
  const prefix = Buffer.allocUnsafe(prefixBytes);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(length, 1);
  return prefix;
}

/** A message with its prefix, in one buffer; for small ones, where a copy costs less than a second write. */
export function framed(message: Uint8Array, compressed: boolean): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.byteLength);
  frame[0] = compressed ? 1 : 0;
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** What is known of a message before it is there. */
export interface MessageHead {
  readonly compressed: boolean;
  /** What the sender announces. Not to be trusted with an allocation: it may say 4 GiB and send nothing. */
  readonly length: number;
}

/** The one message of a unary call, as its chunks arrive. Holds what has arrived and nothing in advance. */
export interface MessageReader {
  /** Takes a chunk, without copying it. Returns the head once, when its five bytes are there. */
  push(chunk: Uint8Array): MessageHead | undefined;
  /** Bytes so far, prefix included. */
  readonly receivedBytes: number;
  /** The message in one buffer of its own. Ask only when `receivedBytes` is `prefixBytes + head.length`. */
  take(): Uint8Array;
}

/** Reads one message. More or fewer bytes than announced are for the caller to notice. */
export function messageReader(): MessageReader {
  let chunks: Uint8Array[] = [];
  let receivedBytes = 0;
  let headRead = false;
  return {
    get receivedBytes() {
      return receivedBytes;
    },
    push(chunk) {
      chunks.push(chunk);
      receivedBytes += chunk.byteLength;
      if (headRead || receivedBytes < prefixBytes) return undefined;
      headRead = true;
      if (chunks.length > 1) chunks = [Buffer.concat(chunks, receivedBytes)];
      const head = chunks[0] as Uint8Array;
      const length = new DataView(head.buffer, head.byteOffset, prefixBytes).getUint32(1);
      return { compressed: (head[0] as number) !== 0, length };
    },
    take() {
      // A copy even of a single chunk: the chunk is a view of everything the socket delivered at once, and a queue that
      // holds the message must not hold that as well.
      const first = chunks[0] as Uint8Array;
      const message = Buffer.allocUnsafe(receivedBytes - prefixBytes);
      message.set(first.subarray(prefixBytes), 0);
      let at = first.byteLength - prefixBytes;
      for (let i = 1; i < chunks.length; i++) {
        const chunk = chunks[i] as Uint8Array;
        message.set(chunk, at);
        at += chunk.byteLength;
      }
      chunks = [];
      return message;
    },
  };
}

import type { OpenFile } from "./file-system.ts";

/** How messages are told apart in a file. */
export interface Framing {
  /** A message as it goes into the file, in pieces, so that nobody need copy it. */
  frame(message: Uint8Array): readonly Uint8Array[];
  /**
   * Makes a file that a crash may have left in the middle of a message fit for the next one. Nothing that was
   * acknowledged is in what it ends or cuts off. Returns the size, and what it did about it.
   */
  mend(file: OpenFile, size: number): Promise<{ readonly size: number; readonly mended: string | undefined }>;
}

const newline = 0x0a;
const lineEnd: Uint8Array = Uint8Array.of(newline);

/** One message a line (L-01). A line without its end is given one, and is for readers to skip (L-08). */
export const lines: Framing = {
  frame: (message) => [message, lineEnd],
  async mend(file, size) {
    if (size === 0) return { size, mended: undefined };
    const last = new Uint8Array(1);
    await file.read(last, 0, 1, size - 1);
    if (last[0] === newline) return { size, mended: undefined };
    const { bytesWritten } = await file.writev([lineEnd]);
    return { size: size + bytesWritten, mended: "ended a line that an earlier crash had cut short" };
  },
};

const prefixBytes = 4;

/** Each message behind its length in four bytes, most significant first, as the Collector writes binary files (L-09). */
export const lengthPrefixed: Framing = {
  frame(message) {
    const prefix = new Uint8Array(prefixBytes);
    new DataView(prefix.buffer).setUint32(0, message.byteLength);
    return [prefix, message];
  },
  async mend(file, size) {
    const prefix = new Uint8Array(prefixBytes);
    let end = 0;
    while (end + prefixBytes <= size) {
      // each length says where the next is
      await file.read(prefix, 0, prefixBytes, end);
      const next = end + prefixBytes + new DataView(prefix.buffer).getUint32(0);
      if (next > size) break;
      end = next;
    }
    if (end === size) return { size, mended: undefined };
    await file.truncate(end);
    return { size: end, mended: "cut off a message that an earlier crash had left incomplete" };
  },
};

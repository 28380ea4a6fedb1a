/** Less than this is not worth the call. */
const worthBytes = 4096;

/**
 * Frees the memory of bytes that nobody reads any more, in place of leaving it to the garbage collector. What is sealed
 * lives for a moment only, and memory that is used again at once is warm: that saves a third of the price of sealing. Bytes
 * that are a part of something larger are left alone.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (byteLength >= worthBytes && buffer.byteLength === byteLength) (buffer as Transferable).transfer?.(0);
}

/** An ArrayBuffer from Node 22 on. */
interface Transferable {
  transfer?(byteLength: number): unknown;
}

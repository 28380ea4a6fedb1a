import { unfilled } from "#memory";

const maxSharedBytes = 64 * 1024;

/**
 * Gives out memory for pieces. Allocating costs more than filling a small piece, so pieces share blocks of up to 64 KiB;
 * whoever holds on to a piece holds on to no more than that. `expectedBytes` is what the pieces will take together, about.
 */
export function roomFor(expectedBytes: number): (bytes: number) => Uint8Array {
  let block = new Uint8Array(0);
  let used = 0;
  let expected = expectedBytes;
  return (bytes) => {
    if (bytes > maxSharedBytes / 2) return unfilled(bytes);
    if (bytes > block.length - used) {
      block = unfilled(Math.max(bytes, Math.min(maxSharedBytes, expected)));
      expected -= block.length;
      used = 0;
    }
    used += bytes;
    return block.subarray(used - bytes, used);
  };
}

import { wordsAreWide } from "#memory";

/**
 * Bytes that were written before and will be again, kept to be copied. A piece is known by a number, which is never 0.
 * When it is `full` nothing more is kept; whoever owns it then begins with a new one.
 */
export class ReadyBytes {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(8 * 1024);
  #view: DataView = new DataView(this.#bytes.buffer);
  #used = 0;
  full = false;

  /** Keeps a copy of `bytes[from, to)`. Gives 0 when there is no room for it or it is too long to be worth it. */
  keep(bytes: Uint8Array, from: number, to: number): number {
    const size = to - from;
    if (size > maxPieceBytes || this.full) return 0;
    const at = this.#used;
    // What is copied is rounded up to 16, so that much must be readable after the last piece.
    if (at + size + 16 > this.#bytes.length && !this.#grow()) return 0;
    this.#bytes.set(bytes.subarray(from, to), at);
    this.#used = at + size;
    return at * sizeFactor + size;
  }

  /** Copies a piece, up to 15 bytes more than it has: so many at a time takes a fifth of the time of one by one. */
  copy(piece: number, view: DataView, at: number): number {
    const from = this.#view;
    const end = at + (piece & (sizeFactor - 1));
    let source = piece >>> sizeBits;
    if (wordsAreWide) {
      for (let target = at; target < end; source += 16, target += 16) {
        view.setBigInt64(target, from.getBigInt64(source, true), true);
        view.setBigInt64(target + 8, from.getBigInt64(source + 8, true), true);
      }
    } else {
      for (let target = at; target < end; source += 8, target += 8) {
        view.setInt32(target, from.getInt32(source, true), true);
        view.setInt32(target + 4, from.getInt32(source + 4, true), true);
      }
    }
    return end;
  }

  #grow(): boolean {
    if (this.#bytes.length === maxBytes) {
      this.full = true;
      return false;
    }
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
    return true;
  }
}

const maxBytes = 256 * 1024;
const maxPieceBytes = 255;
// A piece's number: where it is, then its size in the low bits.
const sizeBits = 8;
const sizeFactor = 1 << sizeBits;

/** How many bytes a piece has. */
export function pieceSize(piece: number): number {
  return piece & (sizeFactor - 1);
}

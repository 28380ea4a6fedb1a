import type { Output } from "./output.ts";
import type { HrTime } from "./recorded.ts";

const nanosPerSecond = 1_000_000_000;
const twoTo32 = 0x1_0000_0000;
// Nanoseconds are unsigned and have 64 bits on the wire: the last whole second that fits.
const lastSecond = 18_446_744_072;

/**
 * Writes moments as nanoseconds since 1970, in two words: a number would not hold them exactly (M-41). The second that
 * came last is kept in words, as most moments lie in the same.
 */
export class TimeField {
  #seconds = 0;
  #low = 0;
  #high = 0;
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Writes a moment with its tag; nothing for the start of 1970, which stands for "unknown". Needs room. */
  write(at: number, tag: number, time: HrTime): number {
    const nanos = time[1];
    if (time[0] !== this.#seconds || !(nanos >= 0 && nanos < nanosPerSecond)) return this.#writeUnusual(at, tag, time);
    const { bytes, view } = this.#output;
    const low = this.#low + nanos;
    const high = low < twoTo32 ? this.#high : this.#high + 1;
    if (low === 0 && high === 0) return at;
    bytes[at] = tag;
    view.setUint32(at + 1, low, true);
    view.setUint32(at + 5, high, true);
    return at + 9;
  }

  /** Another second than before, or numbers that the SDK would not give: fractions, too many nanoseconds, no numbers. */
  #writeUnusual(at: number, tag: number, [seconds, nanoseconds]: HrTime): number {
    const whole = Math.floor(seconds);
    const nanos = Math.round((seconds - whole) * nanosPerSecond) + Math.floor(nanoseconds);
    const carried = whole + Math.floor(nanos / nanosPerSecond);
    if (!(carried >= 0)) return at;
    const total = BigInt(Math.min(carried, lastSecond)) * BigInt(nanosPerSecond);
    this.#seconds = Math.min(carried, lastSecond);
    this.#low = Number(total & 0xffff_ffffn);
    this.#high = Number(total >> 32n);
    return this.write(at, tag, [this.#seconds, ((nanos % nanosPerSecond) + nanosPerSecond) % nanosPerSecond]);
  }
}

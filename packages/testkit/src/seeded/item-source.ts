import { type Random, randomFrom } from "./random.ts";

/** What makes items different from each other. */
export interface ItemSource {
  readonly random: Random;
  /** Eight bytes that no other item of this seed has. */
  spanId(): Uint8Array;
  /** A text that no other item of this seed has. */
  itemId(): string;
  /** Nanoseconds since 1970, a little later each time. */
  nextTime(): bigint;
}

export function itemSource(seed: number, startTimeMs: number): ItemSource {
  const random = randomFrom(seed);
  let count = 0;
  let time = BigInt(startTimeMs) * 1_000_000n;
  return {
    random,
    spanId() {
      const id = random.bytes(8);
      // Half of it counts, so that it is unique for sure, and never zero.
      new DataView(id.buffer).setUint32(4, ++count);
      return id;
    },
    itemId: () => `${seed}-${++count}`,
    nextTime() {
      time += BigInt(1 + random.below(2_000_000));
      return time;
    },
  };
}

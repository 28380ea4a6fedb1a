/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** 0 and up, below 1: in place of `Math.random`. */
  next(): number;
  /** A whole number, 0 and up, below `limit`. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** mulberry32: small, fast, good enough for data; nothing here is a secret. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    next: () => uint32() / 2 ** 32,
    below: (limit) => Math.floor((uint32() / 2 ** 32) * limit),
    pick: (from) => from[Math.floor((uint32() / 2 ** 32) * from.length)] as (typeof from)[number],
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at++) bytes[at] = uint32();
      return bytes;
    },
  };
}

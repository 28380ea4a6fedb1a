/**
 * The bucket of a positive value at a scale: bucket `i` holds what is above `base ** i` and not above `base ** (i + 1)`,
 * where `base` is `2 ** (2 ** -scale)` (M-27).
 *
 * The power of two is taken off first, which is exact. So the logarithm is one of a number from 1 to 2, whose error is far
 * less than that of a large number's, and powers of two, which are boundaries at every scale, are always told right.
 */
export function exponentIndex(value: number, scale: number): number {
  // The logarithm may be rounded past a power of two, to either side.
  let exponent = Math.min(Math.floor(Math.log2(value)), largestExponent);
  let fraction = value / 2 ** exponent;
  if (fraction < 1) {
    exponent--;
    fraction *= 2;
  } else if (fraction >= 2) {
    exponent++;
    fraction /= 2;
  }
  if (scale <= 0) return (fraction === 1 ? exponent - 1 : exponent) >> -scale;
  const bucketsOfOctave = 2 ** scale;
  const within = fraction === 1 ? -1 : Math.ceil(Math.log2(fraction) * bucketsOfOctave) - 1;
  return exponent * bucketsOfOctave + within;
}

const largestExponent = 1023;

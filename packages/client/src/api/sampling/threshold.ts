// Consistent sampling compares two 56-bit numbers, the randomness R of a trace and the rejection threshold T of a sampler,
// and keeps what has R >= T (N2-01). Both are written as 14 hex digits here, since text of one length compares as its
// numbers do, exactly and faster than BigInt (N2-24).

/** Hex digits of 56 bits. */
export const thresholdDigits = 14;

const lowest = 2 ** -56;

/**
 * The threshold for a probability, as it stands in `th`: hex digits without trailing zeros, "0" keeps everything (N2-05,
 * N2-06).
 *
 * @param precision significant digits, 1 to 13; leading `f`s do not count.
 * @throws RangeError for a probability that is not from 2^-56 to 1, or another precision.
 */
export function thresholdOf(probability: number, precision = 4): string {
  if (!(probability >= lowest && probability <= 1)) {
    throw new RangeError(
      `cannot sample with probability ${probability}: it must be from 2^-56 to 1; to keep nothing use alwaysOff()`,
    );
  }
  if (!(Number.isInteger(precision) && precision >= 1 && precision <= 13)) {
    throw new RangeError(`cannot write a threshold with ${precision} digits: it must be from 1 to 13`);
  }
  // For every 4 bits that the probability is smaller the threshold begins with another f. One digit must remain.
  const exponent = probability === 1 ? 1 : Math.floor(Math.log2(probability)) + 1;
  const length = Math.max(1, Math.min(12, precision + Math.floor(exponent / -4)));
  // From 1 to below 2 the fraction of a double is 52 bits, 13 digits. Half of the last digit wanted rounds it.
  const rounded = 2 - probability + 0.5 * 16 ** -length;
  const fraction = rounded >= 2 ? "f".repeat(13) : fractionDigits(rounded);
  return fraction.slice(0, length).replace(/0+$/, "") || "0";
}

/** The 13 hex digits behind the point of a number from 1 to below 2. */
function fractionDigits(number: number): string {
  return Math.round((number - 1) * 2 ** 52)
    .toString(16)
    .padStart(13, "0");
}

/** The probability that a threshold stands for. */
export function probabilityOf(threshold: string): number {
  return 1 - Number.parseInt(threshold.padEnd(thresholdDigits, "0"), 16) / 2 ** 56;
}

/** Of how many spans a sampled one is the representative (N2-07). */
export function adjustedCountOf(threshold: string): number {
  return 1 / probabilityOf(threshold);
}

/** Whether a trace of this randomness is kept by a sampler of this threshold. */
export function keeps(randomness: string, threshold: string): boolean {
  return randomness >= threshold.padEnd(thresholdDigits, "0");
}

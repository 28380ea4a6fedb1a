import type { Candidate } from "@otlpkit/core";

/**
 * Draws two different candidates, each as often as its weight says, and takes the one that costs less; of equals the
 * first. Two choices are nearly as good as looking at all of them, and unlike it they do not send everyone to the same
 * (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing").
 */
export function betterOfTwo(
  random: () => number,
  cost: (candidate: Candidate) => number,
): (candidates: readonly Candidate[]) => Candidate | undefined {
  const sums = new WeakMap<readonly Candidate[], Float64Array>();

  function sumsOf(candidates: readonly Candidate[]): Float64Array {
    let known = sums.get(candidates);
    if (known === undefined) sums.set(candidates, (known = runningSums(candidates)));
    return known;
  }

  return (candidates) => {
    if (candidates.length < 2) return candidates[0];
    const upTo = sumsOf(candidates);
    const total = upTo[upTo.length - 1] as number;
    const first = find(upTo, random() * total);
    const before = first === 0 ? 0 : (upTo[first - 1] as number);
    const width = (upTo[first] as number) - before;
    const one = candidates[first] as Candidate;
    if (width >= total) return one;
    // The second is drawn from what remains when the first is taken out.
    const at = random() * (total - width);
    const two = candidates[find(upTo, at < before ? at : at + width)] as Candidate;
    return cost(two) < cost(one) ? two : one;
  };
}

/** Where each candidate's share of the line ends. When nobody weighs anything, all weigh the same. */
function runningSums(candidates: readonly Candidate[]): Float64Array {
  const even = candidates.every(({ weight }) => weight <= 0);
  const sums = new Float64Array(candidates.length);
  let sum = 0;
  for (const [index, { weight }] of candidates.entries()) {
    sum += even ? 1 : Math.max(0, weight);
    sums[index] = sum;
  }
  return sums;
}

/** The first whose share ends above `at`. */
function find(sums: Float64Array, at: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] as number) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

import { diag, type Sampler, trace } from "@opentelemetry/api";
import { verdict } from "./verdict.ts";

/**
 * Keeps a share of all traces, chosen by trace id, the same ones as the sampler of this name in the OpenTelemetry SDK for
 * JavaScript; a higher ratio keeps all that a lower one keeps (N2-22).
 *
 * For roots: `parentBased({ root: traceIdRatioBased(0.1) })`. Where several services sample each by itself use
 * `probability`, on which all languages agree.
 *
 * @param ratio 0 keeps nothing, 1 everything.
 * @throws RangeError for another ratio.
 */
export function traceIdRatioBased(ratio: number): Sampler {
  if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`cannot sample with ratio ${ratio}: it must be from 0 to 1`);
  const bound = ratio === 1 ? 2 ** 32 : Math.floor(ratio * 0xffff_ffff);
  let warned = false;

  function warnOfParent(): void {
    if (warned) return;
    warned = true;
    diag.warn(
      "TraceIdRatioBased decides for spans with a parent, as others might not; use parentBased() or probability()",
    );
  }

  return {
    shouldSample(context, traceId) {
      const parent = trace.getSpanContext(context);
      if (parent !== undefined) warnOfParent();
      return verdict(folded(traceId) < bound, parent?.traceState);
    },
    toString: () => `TraceIdRatioBased{${ratio}}`,
  };
}

/** The four 32-bit words of a trace id, folded into one. */
function folded(traceId: string): number {
  let word = 0;
  for (let index = 0; index < 32; index += 8) word ^= Number.parseInt(traceId.slice(index, index + 8), 16);
  return word >>> 0;
}

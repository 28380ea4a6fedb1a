import { UsageError } from "./usage-error.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "10s", "500ms", "1.5m" as ms. A bare number is refused, because nobody knows of what. */
export function durationMs(text: string, option: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new UsageError(`--${option} takes a duration such as 10s, 500ms or 2m, not "${text}"`);
  }
  return Number(amount) * (unitMs[unit] as number);
}

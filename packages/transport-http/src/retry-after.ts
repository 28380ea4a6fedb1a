/** What a timer can wait at most. Nobody waits 24 days; it is a bound, not an opinion. */
const maxDelayMs = 2 ** 31 - 1;

/**
 * Reads a `Retry-After`: whole seconds, or a date in any of the three forms of HTTP (F-11, RFC 9110 section 10.2.3).
 *
 * @returns the wait in ms; 0 when there is none to speak of: no header, a zero, a date gone by, or not understood, all of
 * which leave the wait to the caller's own backoff (F-06).
 */
export function retryAfterMs(header: string | undefined, now: number = Date.now()): number {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, maxDelayMs);
  const date = httpDate(text);
  return date === undefined ? 0 : Math.min(Math.max(0, date - now), maxDelayMs);
}

/** Writes a wait as `Retry-After`, rounded up: 250 ms become "1", because "0" would mean at once (K-09). */
export function retryAfterHeader(delayMs: number): string {
  return String(Math.ceil(delayMs / 1000));
}

// "Sun, 22 Nov 2026 12:00:03 GMT", "Sunday, 22-Nov-26 12:00:03 GMT", "Sun Nov 22 12:00:03 2026".
const httpDateShape = /^[A-Z][a-z]+,? [\w -]+ \d\d:\d\d:\d\d (GMT|\d{4})$/;

function httpDate(text: string): number | undefined {
  // The shape is checked first: Date.parse makes a date of nearly anything, "-5" and "1.5" included.
  const end = httpDateShape.exec(text)?.[1];
  if (end === undefined) return undefined;
  const date = Date.parse(end === "GMT" ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : date;
}

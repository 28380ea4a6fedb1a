import { parseByteSize } from "./byte-size.ts";
import { parseDuration } from "./duration.ts";
import { suggestion } from "./nearest.ts";
import { type Shape, shape } from "./shape.ts";

/** A value as an error message shows it: its kind, and if it is short and no text, itself. Texts may be secrets. */
function got(value: unknown): string {
  if (value == null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  return typeof value === "string" ? "this text" : "a section";
}

/** A value of one kind: `take` returns it, or `undefined` if it is not `expected`. */
function scalar<T>(expected: string, take: (value: unknown) => T | undefined): Shape<T> {
  return shape((value, path, report) => {
    const taken = value == null ? undefined : take(value);
    if (taken === undefined) {
      report("error", path, value == null ? `is required: ${expected}` : `must be ${expected}, not ${got(value)}`);
    }
    return taken as T;
  });
}

/** A text. A number or a flag is taken as it is written, since nobody quotes a tenant 42. */
export const text: Shape<string> = scalar("a text", written);

/** true or false. */
export const flag: Shape<boolean> = scalar("true or false", (value) =>
  typeof value === "boolean" ? value : undefined,
);

/** A number within limits, both of which belong to them. */
export function number(limits: { readonly min?: number; readonly max?: number } = {}): Shape<number> {
  return scalar(`a number${range(limits)}`, (value) => (within(value, limits) ? value : undefined));
}

/** A whole number within limits, both of which belong to them. */
export function integer(limits: { readonly min?: number; readonly max?: number } = {}): Shape<number> {
  return scalar(`a whole number${range(limits)}`, (value) =>
    within(value, limits) && Number.isSafeInteger(value) ? value : undefined,
  );
}

/** A duration in the Collector's notation, read as milliseconds. A bare number has no unit and is refused, but for 0. */
export const duration: Shape<number> = scalar('a duration such as "200ms" or "1m30s"', (value) => {
  if (value === 0) return 0;
  const ms = typeof value === "string" ? parseDuration(value) : undefined;
  return ms !== undefined && ms >= 0 ? ms : undefined;
});

/** A size: a number of bytes, or a text with a unit. */
export const bytes: Shape<number> = scalar('a size such as 1048576 or "20MiB"', (value) =>
  typeof value === "string" || (typeof value === "number" && value >= 0) ? parseByteSize(String(value)) : undefined,
);

/** One of a few words. */
export function choice<const W extends string>(...words: readonly W[]): Shape<W> {
  return shape((value, path, report) => {
    const word = written(value) ?? "";
    const known = words.find((candidate) => candidate === word);
    if (known === undefined) {
      const why = value == null ? "is required" : `cannot be ${JSON.stringify(word)}`;
      report("error", path, `${why}; ${suggestion(word, words)}`);
    }
    return known as W;
  });
}

/** Where to listen or to connect: `host:port`, `[::1]:4317`, `:4317` for all interfaces. */
export interface HostPort {
  /** Empty for all interfaces. */
  readonly host: string;
  readonly port: number;
}

/** An address to listen on. */
export const hostPort: Shape<HostPort> = scalar('an address such as "localhost:4317"', (value) => {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:/]*)):(\d{1,5})$/u.exec(written(value) ?? "") ?? [];
  const port = Number(digits);
  return digits === undefined || port > 65_535 ? undefined : { host: bracketed ?? plain ?? "", port };
});

/** A text, number or flag as it stands in the file. */
function written(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" ? value : undefined;
}

function within(value: unknown, { min = -Infinity, max = Infinity }: { min?: number; max?: number }): value is number {
  return typeof value === "number" && value >= min && value <= max;
}

function range({ min, max }: { readonly min?: number; readonly max?: number }): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

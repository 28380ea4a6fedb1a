import { suggestion } from "./nearest.ts";
import { type Read, type Shape, shape } from "./shape.ts";

/** What a section reads: every key, those that may be missing as `undefined`. */
export type SectionOf<Keys> = { readonly [K in keyof Keys]: Read<Keys[K]> };

/**
 * A section with the keys named here and no others. A missing or empty section is read as one without keys, so that
 * the defaults of its keys apply. An unknown key is an error that names the nearest known one.
 */
export function section<Keys extends Readonly<Record<string, Shape<unknown>>>>(keys: Keys): Shape<SectionOf<Keys>> {
  const known = Object.keys(keys);
  return shape((value, path, report) => {
    if (!isSection(value)) {
      report("error", path, `must be a section with keys such as ${known.slice(0, 3).join(", ")}`);
      return {} as SectionOf<Keys>;
    }
    const given: Readonly<Record<string, unknown>> = value ?? {};
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(keys, key)) report("error", [...path, key], `unknown key; ${suggestion(key, known)}`);
    }
    const entries = known.map((key) => [key, keys[key]!.read(given[key], [...path, key], report)]);
    return Object.fromEntries(entries) as SectionOf<Keys>;
  });
}

/** A section whose keys are free, such as headers; all values have one shape. */
export function record<T>(inner: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return shape((value, path, report) => {
    if (!isSection(value)) {
      report("error", path, "must be a section of names and values");
      return {};
    }
    const entries = Object.entries(value ?? {});
    return Object.fromEntries(entries.map(([key, item]) => [key, inner.read(item, [...path, key], report)]));
  });
}

/** A list; a missing or empty one is read as a list of nothing. */
export function list<T>(inner: Shape<T>): Shape<readonly T[]> {
  return shape((value, path, report) => {
    if (value == null) return [];
    if (!Array.isArray(value)) {
      report("error", path, "must be a list, such as [one, two]");
      return [];
    }
    return value.map((item, index) => inner.read(item, [...path, index], report));
  });
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> | null | undefined {
  return value == null || (typeof value === "object" && !Array.isArray(value));
}

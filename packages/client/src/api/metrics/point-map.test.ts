import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PointMap, pointMap, type PointMapOptions } from "./point-map.ts";

interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  times: number;
}

function counting(options: Partial<PointMapOptions<Point>> = {}): PointMap<Point> {
  return pointMap<Point>({ limit: 2000, make: (attributes) => ({ attributes, times: 0 }), ...options });
}

/** Points as attributes and how often they were asked for. */
function asked(map: PointMap<Point>): [Point["attributes"], number][] {
  return Array.from(map.points(), ({ attributes, times }) => [attributes, times]);
}

const value = fc.oneof(
  fc.constantFrom("", "a", "1", "true", "null", "\u0000", "[1]"),
  fc.constantFrom(0, 1, -1, 0.5, NaN, Infinity),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.array(fc.constantFrom("a", 1, true, null), { maxLength: 2 }),
  fc.dictionary(fc.constantFrom("x", "y"), fc.constantFrom("a", 1), { maxKeys: 2 }),
);
const attributes = fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), value, { maxKeys: 4 });

/** Whether attributes are the same, however it is found out. */
function same(one: object, other: object): boolean {
  const entries = (given: object): [string, unknown][] =>
    Object.entries(given).filter(([, value]) => value !== undefined);
  const text = (value: unknown): string => {
    if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
    const inside = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `${Array.isArray(value)} ${JSON.stringify(inside.map(([key, each]) => [key, text(each)]))}`;
  };
  return text(Object.fromEntries(entries(one))) === text(Object.fromEntries(entries(other)));
}

describe("points by their attributes", () => {
  it("are the same for the same attributes in any order, and others for others", () => {
    fc.assert(
      fc.property(fc.array(attributes, { minLength: 1, maxLength: 30 }), fc.infiniteStream(fc.nat()), (all, random) => {
        const map = counting();
        const expected: { readonly attributes: object; times: number }[] = [];
        for (const given of [...all, ...all]) {
          const shuffled = Object.fromEntries(
            Object.entries(given)
              .map((entry): [number, [string, unknown]] => [random.next().value as number, entry])
              .toSorted(([a], [b]) => a - b)
              .map(([, entry]) => entry),
          );
          map.at(shuffled).times++;
          const known = expected.find((each) => same(each.attributes, given));
          if (known === undefined) expected.push({ attributes: given, times: 1 });
          else known.times++;
        }
        const points = asked(map);
        expect(points.map(([, times]) => times)).toEqual(expected.map(({ times }) => times));
        for (const [index, [attributes]] of points.entries()) {
          expect(same(attributes, expected[index]?.attributes ?? {})).toBe(true);
        }
      }),
    );
  });

  it("are not mistaken when a program uses one object again and changes it", () => {
    const map = counting();
    const attributes = { list: ["a"], name: "x" };
    map.at(attributes).times++;
    attributes.name = "y";
    map.at(attributes).times++;
    attributes.list.push("b");
    map.at(attributes).times++;
    expect(asked(map)).toEqual([
      [{ list: ["a"], name: "x" }, 1],
      [{ list: ["a"], name: "y" }, 1],
      [{ list: ["a", "b"], name: "y" }, 1],
    ]);
  });

  it("take an attribute without a value for none, and no attributes at all for an empty object", () => {
    const map = counting();
    for (const given of [undefined, {}, { a: undefined }]) map.at(given).times++;
    expect(asked(map)).toEqual([[{}, 3]]);
  });

  it("survive an object that holds itself", () => {
    const map = counting();
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    map.at({ loop }).times++;
    expect(asked(map)).toHaveLength(1);
  });

  it("are as many as the limit allows; what is more goes to the overflow point", () => {
    const map = counting({ limit: 3 });
    for (const id of [1, 2, 3, 4, 5, 3, 5]) map.at({ id }).times++;
    expect(asked(map)).toEqual([
      [{ id: 1 }, 1],
      [{ id: 2 }, 1],
      [{ id: 3 }, 2],
      [{ "otel.metric.overflow": true }, 3],
    ]);
  });

  it("leave out attributes that are not to be kept apart, and count only the rest against the limit", () => {
    const map = counting({ limit: 1, keys: new Set(["route"]) });
    for (const user of [1, 2, 3]) map.at({ user, route: "/" }).times++;
    expect(asked(map)).toEqual([[{ route: "/" }, 3]]);
  });

  it("keep working when attributes come in more orders than are worth remembering", () => {
    const map = counting({ limit: 2 });
    for (let index = 0; index < 1000; index++) map.at({ [`none${index}`]: undefined, kept: true }).times++;
    expect(asked(map)).toEqual([[{ kept: true }, 1000]]);
  });
});

import type { Attributes } from "../../resource.ts";
import { attributeIdentity } from "./attribute-identity.ts";

/** How points are told apart, and what is done when there are too many. */
export interface PointMapOptions<Point> {
  /** Makes the point for attributes that have not come yet. */
  readonly make: (attributes: Attributes, identity: string) => Point;
  /** No more points than this: what has other attributes goes to one more, the overflow point. */
  readonly limit: number;
  /** Only attributes with these keys count. Undefined: all do. */
  readonly keys?: ReadonlySet<string> | undefined;
}

/** Points by their attributes. */
export interface PointMap<Point> {
  /** The point of these attributes, whatever their order. */
  at(attributes: Attributes | undefined): Point;
  /** Points in the order in which they came. */
  points(): Iterable<Point>;
}

/** What the overflow point is marked with. */
const overflowAttributes: Attributes = { "otel.metric.overflow": true };

/** A step along attributes in the order in which a program gives them: from here, by key and then by value. */
interface Step<Point> {
  point: Point | undefined;
  next: Map<string, Map<unknown, Step<Point>>> | undefined;
}

/**
 * Finds points in two ways. Attributes that have come before in the same order lead straight to their point, value by
 * value, without making a text or anything else that is garbage afterwards. All others are turned into the text that
 * identifies them.
 */
export function pointMap<Point>({ make, limit, keys }: PointMapOptions<Point>): PointMap<Point> {
  const byIdentity = new Map<string, Point>();
  const maxSteps = 8 * limit;
  let steps = 0;
  let root: Step<Point> = step();
  let overflow: Point | undefined;

  function at(attributes: Attributes | undefined): Point {
    let here: Step<Point> | undefined = root;
    for (const key in attributes) {
      if (keys !== undefined && !keys.has(key)) continue;
      here = here.next?.get(key)?.get(attributes[key]);
      if (here === undefined) break;
    }
    return here?.point ?? find(attributes ?? {});
  }

  function find(given: Attributes): Point {
    const attributes = kept(given);
    const identity = attributeIdentity(attributes);
    const known = byIdentity.get(identity);
    if (known === undefined && byIdentity.size >= limit) {
      return (overflow ??= make(overflowAttributes, attributeIdentity(overflowAttributes)));
    }
    const point = known ?? make(attributes, identity);
    if (known === undefined) byIdentity.set(identity, point);
    remember(given, attributes, point);
    return point;
  }

  /** A copy, as the program may change its own. */
  function kept(given: Attributes): Attributes {
    const entries = Object.entries(given).filter(([key, value]) => value !== undefined && (keys?.has(key) ?? true));
    return Object.fromEntries(entries.map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]));
  }

  function remember(given: Attributes, attributes: Attributes, point: Point): void {
    // An object may be the same and yet have changed.
    if (Object.values(attributes).some((value) => typeof value === "object")) return;
    if (steps > maxSteps) {
      root = step();
      steps = 0;
    }
    let here = root;
    for (const key in given) {
      if (keys !== undefined && !keys.has(key)) continue;
      here.next ??= new Map();
      let values = here.next.get(key);
      if (values === undefined) here.next.set(key, (values = new Map()));
      let next = values.get(given[key]);
      if (next === undefined) {
        values.set(given[key], (next = step()));
        steps++;
      }
      here = next;
    }
    here.point = point;
  }

  return {
    at,
    *points() {
      yield* byIdentity.values();
      if (overflow !== undefined) yield overflow;
    },
  };
}

function step<Point>(): Step<Point> {
  return { point: undefined, next: undefined };
}

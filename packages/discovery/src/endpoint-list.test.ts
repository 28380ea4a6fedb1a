import type { Endpoint } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endpointList, sameList } from "./endpoint-list.ts";

const endpoint: fc.Arbitrary<Endpoint> = fc.record(
  {
    url: fc.constantFrom("http://a:1", "http://b:1", "http://c:1"),
    id: fc.constantFrom("a", "b", "ä", "Z"),
    weight: fc.constantFrom(1, 2),
    zone: fc.constantFrom("x", "y"),
    draining: fc.boolean(),
    metadata: fc.dictionary(fc.constantFrom("k", "l"), fc.constantFrom("1", "2"), { noNullPrototype: true }),
  },
  { requiredKeys: ["url"] },
);

describe("endpointList", () => {
  it("has each id once, the last that was said of it, in the order of the ids", () => {
    fc.assert(
      fc.property(fc.array(endpoint, { maxLength: 8 }), (given) => {
        const list = endpointList([...given, undefined]);
        const ids = list.map(({ id, url }) => id ?? url);
        expect(ids).toEqual([...new Set(given.map(({ id, url }) => id ?? url))].toSorted());
        for (const each of list) {
          expect(given.findLast(({ id, url }) => (id ?? url) === (each.id ?? each.url))).toBe(each);
        }
      }),
    );
  });
});

describe("sameList", () => {
  it("tells lists apart by whatever is known, and not by what goes without saying", () => {
    fc.assert(
      fc.property(fc.array(endpoint, { maxLength: 4 }), (given) => {
        const explicit = given.map((each) => ({ id: each.url, weight: 1, draining: false, metadata: {}, ...each }));
        expect(sameList(given, explicit)).toBe(true);
        for (const [index, each] of given.entries()) {
          for (const change of [
            { url: "http://other:1" },
            { id: "other" },
            { weight: 7 },
            { zone: "other" },
            { draining: each.draining !== true },
            { metadata: { ...each.metadata, k: "other" } },
          ]) {
            expect(sameList(given, given.with(index, { ...each, ...change })), JSON.stringify(change)).toBe(false);
          }
        }
        expect(sameList(given, [...given, { url: "http://one-more:1" }])).toBe(false);
      }),
    );
  });
});

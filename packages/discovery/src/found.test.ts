import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endpointOf, labelsOf, placeOf } from "./found.ts";

describe("endpointOf", () => {
  it("makes an endpoint of what was found, and leaves out what goes without saying", () => {
    expect(endpointOf({ host: "10.0.0.1", port: 4317, weight: 1, zone: "", draining: false, metadata: {} })).toEqual({
      url: "http://10.0.0.1:4317",
      id: "http://10.0.0.1:4317",
    });
    const all = { id: "a", weight: 2, zone: "b", draining: true, metadata: { version: "7" } };
    const manner = { scheme: "https", path: "base" } as const;
    expect(endpointOf({ host: "fd00::1", port: 1, ...all }, manner)).toEqual({
      url: "https://[fd00::1]:1/base",
      ...all,
    });
    expect(endpointOf({ host: "/run/otlp.sock", port: 0 })).toMatchObject({ url: "unix:///run/otlp.sock" });
  });

  it("makes nothing of what has no host or no port", () => {
    for (const host of ["", "a b", "a/b", "user@a", "a?b", "[::1]"]) {
      expect(endpointOf({ host, port: 4317 }), host).toBeUndefined();
    }
    for (const path of ["/a?b", "a#b", "a b"]) {
      expect(endpointOf({ host: "a", port: 1, metadata: { "otlp-path": path } }), path).toBeUndefined();
    }
    for (const port of [0, -1, 65_536, 1.5, Number.NaN]) expect(endpointOf({ host: "a", port })).toBeUndefined();
  });

  it("passes over weights that are none", () => {
    for (const weight of [-1, Number.NaN, Infinity]) {
      expect(endpointOf({ host: "a", port: 1, weight })).not.toHaveProperty("weight");
    }
  });

  it("makes of an endpoint's labels the same endpoint again", () => {
    const endpoint = fc.record(
      {
        url: fc
          .tuple(
            fc.constantFrom("http", "https"),
            fc.constantFrom("a", "a.example", "10.0.0.1", "[fd00::1]"),
            fc.integer({ min: 1, max: 65_535 }),
            fc.constantFrom("", "/base", "/a/b"),
          )
          .map(([scheme, host, port, path]) => `${scheme}://${host}:${port}${path}`),
        id: fc.string({ minLength: 1 }),
        weight: fc.constantFrom(0, 0.5, 2, 100),
        zone: fc.string({ minLength: 1 }),
        metadata: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string(), { minKeys: 1, noNullPrototype: true }),
      },
      { requiredKeys: ["url", "id"] },
    );
    fc.assert(
      fc.property(endpoint, (given) => {
        const { host, port } = placeOf(given.url);
        expect(endpointOf({ host, port, id: given.id, metadata: labelsOf(given) })).toEqual(given);
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { decode } from "../decode.ts";
import type { AnyValue } from "../generated/model.ts";
import { scan } from "../scan.ts";
import { logEncoder } from "./log-encoder.ts";
import { metricEncoder } from "./metric-encoder.ts";
import { resource, scope } from "./recorded.test.ts";

/** What a value becomes as an attribute. */
function attribute(value: unknown): AnyValue {
  const encoder = logEncoder();
  encoder.add({
    hrTime: [1, 0],
    hrTimeObserved: [1, 0],
    attributes: { value },
    droppedAttributesCount: 0,
    resource,
    instrumentationScope: scope,
  });
  const { body } = encoder.take()!;
  expect(scan("logs", body)).toBe(1);
  return decode("logs", body).resourceLogs![0]!.scopeLogs![0]!.logRecords![0]!.attributes![0]!.value!;
}

const list = (...values: AnyValue[]): AnyValue => ({ arrayValue: { values } });
const map = (key: string, value: AnyValue): AnyValue => ({ kvlistValue: { values: [{ key, value }] } });

/** How many lists or maps are inside each other. */
function depth(value: AnyValue): number {
  const inner = value.arrayValue?.values?.[0] ?? value.kvlistValue?.values?.[0]?.value;
  return inner === undefined ? 0 : 1 + depth(inner);
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = "leaf";
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

describe("a value", () => {
  it("is an integer as long as 64 bits hold it, else a double or its digits", () => {
    for (const integer of [0, 1, -1, 127, 128, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, -(2 ** 53), -(2 ** 63)]) {
      expect(attribute(integer)).toEqual({ intValue: BigInt(integer) });
    }
    for (const double of [-0, 0.5, 2 ** 63, -1e300, NaN, Infinity, -Infinity, 5e-324]) {
      expect(attribute(double)).toEqual({ doubleValue: double });
    }
    for (const bigint of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      expect(attribute(bigint)).toEqual({ intValue: bigint });
    }
    expect(attribute(2n ** 63n)).toEqual({ stringValue: "9223372036854775808" });
    expect(attribute(-(2n ** 63n) - 1n)).toEqual({ stringValue: "-9223372036854775809" });
  });

  it("keeps what is empty or nothing as such (M-20)", () => {
    expect(attribute("")).toEqual({ stringValue: "" });
    expect(attribute(false)).toEqual({ boolValue: false });
    expect(attribute(new Uint8Array(0))).toEqual({ bytesValue: new Uint8Array(0) });
    expect(attribute([])).toEqual({ arrayValue: {} });
    expect(attribute({})).toEqual({ kvlistValue: {} });
    expect(attribute(new Map())).toEqual({ kvlistValue: {} });
    for (const nothing of [null, undefined, Symbol("x"), () => 1]) expect(attribute(nothing)).toEqual({});
    // oxlint-disable-next-line no-sparse-arrays
    expect(attribute([null, undefined, , 1])).toEqual(list({}, {}, {}, { intValue: 1n }));
  });

  it("may be bytes of any view, a typed array, a set, a map with any keys", () => {
    const { buffer } = Uint8Array.of(9, 1, 2, 9);
    expect(attribute(new Uint8Array(buffer, 1, 2))).toEqual({ bytesValue: Uint8Array.of(1, 2) });
    expect(attribute(new DataView(buffer, 1, 2))).toEqual({ bytesValue: Uint8Array.of(1, 2) });
    expect(attribute(Float64Array.of(1.5, 2))).toEqual(list({ doubleValue: 1.5 }, { intValue: 2n }));
    expect(attribute(BigInt64Array.of(-1n))).toEqual(list({ intValue: -1n }));
    expect(attribute(new Set(["a", 1]))).toEqual(list({ stringValue: "a" }, { intValue: 1n }));
    expect(attribute(new Map([[{ toString: () => "k" }, 1]]))).toEqual(map("k", { intValue: 1n }));
  });

  it("says of dates, URLs, errors and their like what they say themselves", () => {
    expect(attribute(new Date(0))).toEqual({ stringValue: "1970-01-01T00:00:00.000Z" });
    expect(attribute(new Date(Number.NaN))).toEqual({});
    expect(attribute(new URL("http://a/b"))).toEqual({ stringValue: "http://a/b" });
    expect(attribute(new TypeError("no"))).toEqual({ stringValue: "TypeError: no" });
    expect(attribute({ toJSON: () => ({ a: [1] }) })).toEqual(map("a", list({ intValue: 1n })));
    expect(attribute(Object.assign(Object.create(null) as object, { a: true }))).toEqual(map("a", { boolValue: true }));
  });

  it("holds an object inside itself as nothing, and the same object twice as what it is", () => {
    const loop: unknown[] = ["x"];
    loop.push(loop, { loop });
    expect(attribute(loop)).toEqual(list({ stringValue: "x" }, {}, map("loop", {})));
    const shared = { a: 1 };
    expect(attribute([shared, shared])).toEqual(list(map("a", { intValue: 1n }), map("a", { intValue: 1n })));
    const endless = { toJSON: (): unknown => ({ ...endless }) };
    expect(attribute(endless)).toEqual({});
    const self = { toJSON: (): unknown => self };
    expect(attribute(self)).toEqual({});
  });

  it("nests as deep as any receiver reads, and is nothing from there on (E-25)", () => {
    expect(depth(attribute(nested(46, (inner) => [inner])))).toBe(46);
    expect(depth(attribute(nested(30, (inner) => ({ inner }))))).toBe(30);
    expect(depth(attribute(nested(30, (inner) => new Map([["inner", inner]]))))).toBe(30);
    expect(depth(attribute(nested(100_000, (inner) => [inner])))).toBe(46);
    expect(depth(attribute(nested(100_000, (inner) => ({ inner }))))).toBe(30);
    expect(depth(attribute(nested(100_000, (inner) => [{ inner }])))).toBe(37);
  });

  it("passes scan also where most is around it: in an exemplar", () => {
    for (const wrap of [
      (inner: unknown) => [inner],
      (inner: unknown) => ({ inner }),
      (inner: unknown) => [{ inner }],
    ]) {
      const filteredAttributes = { deep: nested(200, wrap) };
      const encoder = metricEncoder();
      const point = { startTime: [1, 0], endTime: [1, 0], attributes: {}, value: 1 } as const;
      encoder.add({
        resource,
        scopeMetrics: [
          {
            scope,
            metrics: [
              {
                descriptor: { name: "m", valueType: 0 },
                dataPointType: 2,
                dataPoints: [{ ...point, exemplars: [{ time: [1, 0], value: 1, filteredAttributes }] }],
              },
            ],
          },
        ],
      });
      expect(scan("metrics", encoder.take()!.body)).toBe(1);
    }
  });
});

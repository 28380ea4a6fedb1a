import { type Batch, protobufBatch, type Signal } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode, merge, scan, splitByKey, splitByResource } from "./index.ts";

const lists = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
} as const;

/** A request with one item in each resource; undefined: a resource without the attribute. */
function requestOf(signal: "traces" | "logs", values: readonly unknown[]): Batch {
  const [resources, scopes, items] = lists[signal];
  const body = encode(signal, {
    [resources]: values.map((value, number) => ({
      resource: {
        attributes: [
          { key: "position", value: { intValue: BigInt(number) } },
          ...(value === undefined ? [] : [{ key: "tenant.id", value }]),
        ],
      },
      [scopes]: [{ [items]: [{ attributes: [{ key: "n", value: { intValue: BigInt(number) } }] }] }],
    })),
  });
  return protobufBatch(signal, body, scan(signal, body));
}

const named = (value: string) => ({ stringValue: value });

describe("splitByResource", () => {
  it("gives each value of the attribute its resources, in order, with all that is in them", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("traces", "logs"),
        fc.array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 12 }),
        (signal, names) => {
          const batch = requestOf(
            signal,
            names.map((name) => (name === "" ? undefined : named(name))),
          );
          const pieces = splitByResource(batch, "tenant.id");
          expect([...pieces.keys()]).toEqual([...new Set(names)]);
          for (const [name, piece] of pieces) {
            expect(scan(signal, piece.body)).toBe(piece.items);
            const [resources] = lists[signal];
            const all = decode(signal, batch.body) as Record<string, unknown[]>;
            const own = decode(signal, piece.body) as Record<string, unknown[]>;
            expect(own[resources]).toEqual(all[resources]?.filter((_, number) => names[number] === name));
          }
          const sorted = splitByKey(batch, (item) => (item.resource.attribute("tenant.id") ?? "") as string);
          expect([...pieces].map(([name, { items }]) => [name, items])).toEqual(
            [...sorted].map(([name, { items }]) => [name, items]),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it("hands a batch of one value back as it is", () => {
    const batch = requestOf("traces", [named("shop"), named("shop")]);
    expect(splitByResource(batch, "tenant.id")).toEqual(new Map([["shop", batch]]));
    expect(splitByResource(batch, "tenant.id").get("shop")).toBe(batch);
    const nameless = requestOf("logs", [undefined]);
    expect(splitByResource(nameless, "tenant.id").get("")).toBe(nameless);
    const empty = protobufBatch("metrics", new Uint8Array(), 0);
    expect(splitByResource(empty, "tenant.id").get("")).toBe(empty);
  });

  it("writes values as text", () => {
    const values = [{ intValue: 42n }, { boolValue: true }, { doubleValue: 1.5 }, { bytesValue: new Uint8Array(2) }];
    const pieces = splitByResource(requestOf("traces", values), "tenant.id");
    expect([...pieces.keys()]).toEqual(["42", "true", "1.5", ""]);
  });

  it("keeps what it does not know with each piece", () => {
    const unknown = Uint8Array.of(0xfa, 0x01, 0x02, 0x68, 0x69);
    const batch = requestOf("traces", [named("a"), named("b")]);
    const body = new Uint8Array([...batch.body, ...unknown]);
    for (const piece of splitByResource({ ...batch, body }, "tenant.id").values()) {
      expect([...piece.body.subarray(-unknown.length)]).toEqual([...unknown]);
    }
  });

  it("leaves profiles whole, under the value of the first", () => {
    const body = encode("profiles", {
      resourceProfiles: ["a", "b"].map((name) => ({
        resource: { attributes: [{ key: "tenant.id", value: named(name) }] },
        scopeProfiles: [{ profiles: [{ durationNano: 1n }] }],
      })),
    });
    const batch = protobufBatch("profiles", body, 2);
    expect(splitByResource(batch, "tenant.id")).toEqual(new Map([["a", batch]]));
  });

  it("keeps tenant and headers, and refuses what it can't read", () => {
    const batch = { ...requestOf("logs", [named("a"), named("b")]), headers: { "x-site": "1" } };
    const signals: Signal[] = [...splitByResource(batch, "tenant.id").values()].map(({ signal }) => signal);
    expect(signals).toEqual(["logs", "logs"]);
    expect(splitByResource(batch, "tenant.id").get("b")?.headers).toEqual({ "x-site": "1" });
    expect(() => splitByResource({ ...batch, encoding: "gzip" }, "tenant.id")).toThrow(TypeError);
    expect(merge([...splitByResource(batch, "tenant.id").values()]).items).toBe(2);
  });
});

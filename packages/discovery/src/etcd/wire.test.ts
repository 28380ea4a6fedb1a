import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { framed, frames } from "./frames.ts";
import { endpointIn, valueOf } from "./instance.ts";
import { keyAfter, keyOf, prefixEnd } from "./keys.ts";
import { authenticate, leaseGrant, range, watch } from "./messages.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const compare = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);

describe("messages of etcd", () => {
  it("lie on the wire as its rpc.proto has it", () => {
    const request = { key: keyOf("a"), rangeEnd: keyOf("b"), limit: 300n, revision: 7n, keysOnly: true };
    expect(hex(range.request.encode(request))).toBe(["0a0161120162", "18ac02", "2007", "4001"].join(""));
    const create = { key: keyOf("a"), startRevision: 1n, progressNotify: true, fragment: true, rangeEnd: keyOf("b") };
    expect(hex(watch.request.encode({ create }))).toBe(["0a0c", "0a0161", "120162", "1801", "2001", "4001"].join(""));
    expect(hex(leaseGrant.request.encode({ ttlSeconds: -1n }))).toBe("08ffffffffffffffffff01");
    expect(hex(authenticate.request.encode({ name: "a", password: "ü" }))).toBe("0a01611202c3bc");
  });

  it("leave out what is zero, and read it as zero", () => {
    expect(range.request.encode({ limit: 0n, keysOnly: false, key: new Uint8Array() })).toHaveLength(0);
    expect(watch.response.decode(new Uint8Array())).toEqual({
      header: undefined,
      created: false,
      canceled: false,
      compactRevision: 0n,
      cancelReason: "",
      fragment: false,
      events: [],
    });
  });

  it("pass over fields that are new", () => {
    const known = range.request.encode({ key: keyOf("a") });
    const novel = [
      0xa0, 0x06, 0x01, 0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xa2, 0x06, 0x01, 0xff, 0xa5, 0x06, 1, 2, 3, 4,
    ];
    expect(range.request.decode(Uint8Array.from([...novel, ...known]))).toMatchObject({ key: keyOf("a") });
  });

  it("are the same again when they have been written and read", () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const bytes = fc.uint8Array({ maxLength: 300 });
    const kv = fc.record({ key: bytes, value: bytes, modRevision: int64, lease: int64 });
    const response = fc.record({
      header: fc.option(fc.record({ clusterId: int64, revision: int64 }), { nil: undefined }),
      created: fc.boolean(),
      canceled: fc.boolean(),
      compactRevision: int64,
      cancelReason: fc.string({ unit: "grapheme" }),
      fragment: fc.boolean(),
      events: fc.array(fc.record({ type: fc.integer({ min: 0, max: 1 }), kv: fc.option(kv, { nil: undefined }) })),
    });
    fc.assert(
      fc.property(response, (message) => {
        expect(watch.response.decode(watch.response.encode(message))).toEqual(message);
      }),
      { numRuns: 200 },
    );
  });

  it("are an error, and nothing worse, when they are cut off or make no sense", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          watch.response.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 500 },
    );
    expect(() => range.response.decode(Uint8Array.of(0x12, 0x7f))).toThrow("ends inside a field");
    expect(() => range.response.decode(Uint8Array.of(0xff))).toThrow("ends inside a number");
  });
});

describe("frames", () => {
  it("are found wherever the borders of pieces are", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });
    fc.assert(
      fc.property(messages, fc.integer({ min: 1, max: 30 }), (sent, size) => {
        const cut = frames(1_000);
        const all = Buffer.concat(sent.map((message) => framed(message)));
        const received: string[] = [];
        for (let at = 0; at < all.byteLength; at += size) received.push(...cut(all.subarray(at, at + size)).map(hex));
        expect(received).toEqual(sent.map(hex));
      }),
      { numRuns: 100 },
    );
  });

  it("are refused when they announce too much, before it comes", () => {
    expect(() => frames(1_000)(Uint8Array.of(0, 0xff, 0, 0, 0))).toThrow("more than the 1000 allowed");
    expect(() => frames(1_000)(Uint8Array.of(1, 0, 0, 0, 0))).toThrow("is compressed");
  });
});

describe("keys", () => {
  it("with a prefix are those from it to below its end", () => {
    expect(hex(prefixEnd(keyOf("/a/")))).toBe(hex(keyOf("/a0")));
    expect(hex(prefixEnd(Uint8Array.of(0x61, 0xff)))).toBe("62");
    expect(hex(prefixEnd(Uint8Array.of(0xff, 0xff)))).toBe("00");
    const key = fc.uint8Array({ maxLength: 4 });
    const prefix = fc.uint8Array({ minLength: 1, maxLength: 3 });
    const edgy = fc
      .array(fc.constantFrom(0, 1, 0xfe, 0xff), { minLength: 1, maxLength: 3 })
      .map((all) => Uint8Array.from(all));
    fc.assert(
      fc.property(fc.oneof(prefix, edgy), fc.oneof(key, edgy), (begin, at) => {
        const end = prefixEnd(begin);
        const endless = hex(end) === "00";
        const inRange = compare(at, begin) >= 0 && (endless || compare(at, end) < 0);
        expect(inRange).toBe(hex(at).startsWith(hex(begin)));
      }),
    );
  });

  it("follow one another with nothing between", () => {
    const after = keyAfter(keyOf("a"));
    expect(hex(after)).toBe("6100");
  });
});

describe("values", () => {
  it("that we write are read as the same endpoint", () => {
    const endpoint = {
      url: "http://10.0.0.7:4317",
      id: "relay-7",
      weight: 2,
      zone: "zone-a",
      metadata: { version: "1.2" },
    };
    expect(endpointIn(valueOf(endpoint, false), "relay-7", {})).toEqual(endpoint);
    expect(endpointIn(valueOf(endpoint, true), "relay-7", {})).toEqual({ ...endpoint, draining: true });
  });

  it("of others are read in their ways, and passed over when they are no place", () => {
    const url = (value: string, scheme?: "http" | "https"): string | undefined =>
      endpointIn(value, "id", scheme === undefined ? {} : { scheme })?.url;
    expect(url('{"Op":0,"Addr":"10.0.0.1:4317","Metadata":null}')).toBe("http://10.0.0.1:4317");
    expect(url('{"Op":1,"Addr":"10.0.0.1:4317"}')).toBeUndefined();
    expect(url('{"addr":"10.0.0.1:4317"}', "https")).toBe("https://10.0.0.1:4317");
    expect(url('{"address":"10.0.0.1","port":4317}')).toBe("http://10.0.0.1:4317");
    expect(url('{"address":"10.0.0.1:4317"}')).toBe("http://10.0.0.1:4317");
    expect(url('{"host":"relay","port":"4317"}')).toBe("http://relay:4317");
    expect(url("10.0.0.1:4317\n")).toBe("http://10.0.0.1:4317");
    expect(url("[fd00::1]:4317")).toBe("http://[fd00::1]:4317");
    expect(url("https://relay.example:4317/base/")).toBe("https://relay.example:4317/base");
    expect(url("unix:///run/otlp.sock")).toBe("unix:///run/otlp.sock");
    const none = [
      "",
      "relay",
      "null",
      "[]",
      "{}",
      '{"port":4317}',
      '{"url":7}',
      "http://user:secret@relay:4317",
      "ftp://a:1",
    ];
    for (const value of none) expect(url(value), value).toBeUndefined();
  });
});

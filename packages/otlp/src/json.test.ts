import { type Batch, ExportError, protobufBatch, type Sender, type Signal } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import type { AnyValue, LogRecord, Profile, Span } from "./generated/model.ts";
import { jsonToProtobuf, protobufToJson, toJson } from "./json.ts";

const utf8 = new TextEncoder();

function read<S extends Signal>(signal: S, text: string): ReturnType<typeof decode<S>> {
  return decode(signal, jsonToProtobuf(signal, utf8.encode(text)).body);
}

function span(members: string): Span | undefined {
  return read("traces", `{"resourceSpans":[{"scopeSpans":[{"spans":[{${members}}]}]}]}`).resourceSpans?.[0]
    ?.scopeSpans?.[0]?.spans?.[0];
}

function record(members: string): LogRecord | undefined {
  return read("logs", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${members}}]}]}]}`).resourceLogs?.[0]
    ?.scopeLogs?.[0]?.logRecords?.[0];
}

function profile(members: string): Profile | undefined {
  return read("profiles", `{"resourceProfiles":[{"scopeProfiles":[{"profiles":[{${members}}]}]}]}`)
    .resourceProfiles?.[0]?.scopeProfiles?.[0]?.profiles?.[0];
}

const body = (members: string): AnyValue | undefined => record(`"body":{${members}}`)?.body;

function refusal(action: () => unknown): ExportError {
  try {
    action();
  } catch (error) {
    if (ExportError.is(error)) return error;
    throw error;
  }
  throw new Error("it was taken");
}

describe("JSON at the door", () => {
  it("takes 64-bit integers as strings and as numbers, without loss (E-10)", () => {
    for (const text of [
      '"9223372036854775807"',
      "9223372036854775807",
      "9223372036854775807.0",
      '"922337203685477580.7e1"',
    ]) {
      expect(body(`"intValue":${text}`)).toEqual({ intValue: 9223372036854775807n });
    }
    expect(body('"intValue":-9223372036854775808')).toEqual({ intValue: -(2n ** 63n) });
    expect(span('"startTimeUnixNano":18446744073709551615')).toEqual({ startTimeUnixNano: 18446744073709551615n });
  });

  it("takes 32-bit integers as strings, and whole numbers in any spelling (E-12)", () => {
    expect(span('"flags":"4294967295"')).toEqual({ flags: 4294967295 });
    expect(span('"flags":2.0,"droppedLinksCount":1e2')).toEqual({ flags: 2, droppedLinksCount: 100 });
    expect(span('"kind":3.0')).toEqual({ kind: 3 });
  });

  it("takes doubles quoted, and the three that are not numbers (E-13, E-14)", () => {
    for (const [text, doubleValue] of [
      ['"1.5"', 1.5],
      ["1e2", 100],
      ['"-0"', -0],
      ["-0.0", -0],
      ['"NaN"', Number.NaN],
      ['"Infinity"', Infinity],
      ['"-Infinity"', -Infinity],
    ] as const) {
      expect(body(`"doubleValue":${text}`)).toEqual({ doubleValue });
    }
  });

  it("reads null as absent (E-16), also beside another arm of the same oneof", () => {
    expect(span('"name":null,"attributes":null,"status":null,"kind":1')).toEqual({ kind: 1 });
    expect(body('"stringValue":null,"boolValue":false')).toEqual({ boolValue: false });
  });

  it("keeps zero in oneofs and leaves it out elsewhere (E-17, E-18)", () => {
    expect(body('"intValue":"0"')).toEqual({ intValue: 0n });
    expect(body('"stringValue":""')).toEqual({ stringValue: "" });
    expect(body('"bytesValue":""')).toEqual({ bytesValue: new Uint8Array(0) });
    expect(body('"arrayValue":{}')).toEqual({ arrayValue: {} });
    expect(span('"name":"","kind":0,"traceId":"","flags":"0","events":[]')).toEqual({});
  });

  it("takes bytes in both alphabets, padded or not (E-20)", () => {
    for (const text of ["+/8=", "-_8", "+/8", "-_8="]) {
      expect(body(`"bytesValue":"${text}"`)).toEqual({ bytesValue: Uint8Array.of(0xfb, 0xff) });
    }
    expect(body('"bytesValue":"\\u002b\\/8\\u003d"')).toEqual({ bytesValue: Uint8Array.of(0xfb, 0xff) });
    const long = Uint8Array.from({ length: 1000 }, (_, i) => i);
    expect(body(`"bytesValue":"${btoa(String.fromCharCode(...long))}"`)).toEqual({ bytesValue: long });
  });

  it("takes ids in either case and of any length (E-02, L-07, M-13)", () => {
    expect(span('"traceId":"aAbB","spanId":"00"')).toEqual({
      traceId: Uint8Array.of(0xaa, 0xbb),
      spanId: Uint8Array.of(0),
    });
    expect(span('"traceId":"","name":"x"')).toEqual({ name: "x" });
  });

  it("takes a profile id in hex and in base64, and writes base64 (E-05)", () => {
    const profileId = Uint8Array.from({ length: 16 }, (_, i) => i * 16);
    expect(profile('"profileId":"00102030405060708090A0B0c0d0e0f0"')).toEqual({ profileId });
    expect(profile('"profileId":"ABAgMEBQYHCAkKCwwNDg8A=="')).toEqual({ profileId });
    expect(profile('"profileId":"ABAgMEBQYHCAkKCwwNDg8A"')).toEqual({ profileId });
    const bytes = encode("profiles", { resourceProfiles: [{ scopeProfiles: [{ profiles: [{ profileId }] }] }] });
    expect(new TextDecoder().decode(protobufToJson("profiles", bytes))).toContain('"ABAgMEBQYHCAkKCwwNDg8A=="');
  });

  it("leaves out what it does not know, whatever it holds (E-07, E-08)", () => {
    expect(span('"name":"x","x":{"name":[{"traceId":"?"}]},"trace_id":"00","y":[[],{},null,-1.5e9,"\\n"]')).toEqual({
      name: "x",
    });
    expect(span('"\\u006eame":"x"')).toEqual({ name: "x" });
  });

  it("reads items whose keys differ in order, spacing and escapes from those before", () => {
    const spans = [
      '{"name":"a","kind":1}',
      '{"name":"b","kind":2}',
      '{"name" : "c","kind":3}',
      '{"kind":4,"name":"d"}',
      '{"n\\u0061me":"e","kindness":6,"kind":5}',
      '{"nam":"?","name":"f","kind":6}',
    ];
    const request = read("traces", `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join(",")}]}]}]}`);
    expect(request.resourceSpans?.[0]?.scopeSpans?.[0]?.spans).toEqual(
      ["a", "b", "c", "d", "e", "f"].map((name, index) => ({ name, kind: index + 1 })),
    );
  });

  it("refuses a request that is cut short anywhere", () => {
    const whole = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"one","kind":1},{"name":"two","kind":2}]}]}]}';
    expect(() => read("traces", whole)).not.toThrow();
    for (let end = 0; end < whole.length; end++) {
      expect(refusal(() => read("traces", whole.slice(0, end))).code).toBe("invalid");
    }
  });

  it("is not impressed by keys that JavaScript knows (E-26)", () => {
    const keys =
      '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":[]';
    expect(span(`${keys},"name":"x"`)).toEqual({ name: "x" });
    expect(span('"attributes":[{"key":"__proto__","value":{"stringValue":"x"}}]')).toEqual({
      attributes: [{ key: "__proto__", value: { stringValue: "x" } }],
    });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("counts the items", () => {
    const points = '{"gauge":{"dataPoints":[{},{}]}},{"summary":{"dataPoints":[{}]}},{"name":"none"}';
    const metrics = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${points}]}]}]}`;
    expect(jsonToProtobuf("metrics", utf8.encode(metrics)).items).toBe(3);
    const logs = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{"logRecords":[{}]}]},{}]}]}';
    expect(jsonToProtobuf("logs", utf8.encode(logs)).items).toBe(2);
    expect(jsonToProtobuf("traces", utf8.encode("{}"))).toEqual({ body: new Uint8Array(0), items: 0 });
  });

  it("grows its output when a number is longer in protobuf than in JSON", () => {
    const counts = Array.from({ length: 5000 }, () => 1);
    const point = `{"histogram":{"dataPoints":[{"bucketCounts":[${counts.join(",")}]}]}}`;
    const request = read("metrics", `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${point}]}]}]}`);
    const metric = request.resourceMetrics?.[0]?.scopeMetrics?.[0]?.metrics?.[0];
    expect(metric?.histogram?.dataPoints?.[0]?.bucketCounts).toEqual(counts.map(BigInt));
  });

  const inSpan = "resourceSpans[0].scopeSpans[0].spans[0]";
  it.for([
    ['"traceId":"0g"', `${inSpan}.traceId: expected hex digits`],
    ['"traceId":"012"', `${inSpan}.traceId: expected hex digits`],
    ['"traceId":"W47/95gDgQPSabYzgT/GDA=="', `${inSpan}.traceId: expected hex digits`],
    ['"traceId":5', `${inSpan}.traceId: expected a string`],
    ['"name":{}', `${inSpan}.name: expected a string`],
    ['"name":true', `${inSpan}.name: expected a string`],
    ['"kind":"SPAN_KIND_SERVER"', `${inSpan}.kind: expected the number of an enum value`],
    ['"kind":"2"', `${inSpan}.kind: expected the number of an enum value`],
    ['"kind":2147483648', `${inSpan}.kind: out of the range of enum`],
    ['"flags":-1', `${inSpan}.flags: out of the range of fixed32`],
    ['"flags":4294967296', `${inSpan}.flags: out of the range of fixed32`],
    ['"flags":1.5', `${inSpan}.flags: expected a whole number`],
    ['"flags":"one"', `${inSpan}.flags: expected a number`],
    ['"flags":" 1"', `${inSpan}.flags: expected a number`],
    ['"flags":"01"', `${inSpan}.flags: expected a number`],
    ['"flags":""', `${inSpan}.flags: expected a number`],
    ['"flags":true', `${inSpan}.flags: expected a number`],
    ['"endTimeUnixNano":"18446744073709551616"', `${inSpan}.endTimeUnixNano: out of the range of fixed64`],
    ['"status":[]', `${inSpan}.status: expected an object`],
    ['"attributes":{}', `${inSpan}.attributes: expected an array`],
    ['"attributes":[null]', `${inSpan}.attributes[0]: null inside an array`],
    ['"attributes":[{},{"value":{"boolValue":1}}]', `${inSpan}.attributes[1].value.boolValue: expected true or false`],
    [
      '"attributes":[{"value":{"boolValue":"true"}}]',
      `${inSpan}.attributes[0].value.boolValue: expected true or false`,
    ],
    ['"attributes":[{"value":{"doubleValue":1e999}}]', `${inSpan}.attributes[0].value.doubleValue: out of the range`],
    ['"attributes":[{"value":{"doubleValue":"nan"}}]', `${inSpan}.attributes[0].value.doubleValue: expected a number`],
    ['"attributes":[{"value":{"bytesValue":"a"}}]', `${inSpan}.attributes[0].value.bytesValue: expected base64`],
    ['"attributes":[{"value":{"bytesValue":"ab=c"}}]', `${inSpan}.attributes[0].value.bytesValue: expected base64`],
    ['"attributes":[{"value":{"bytesValue":"===="}}]', `${inSpan}.attributes[0].value.bytesValue: expected base64`],
    ['"attributes":[{"value":{"boolValue":true,"intValue":1}}]', `${inSpan}.attributes[0].value.intValue: another arm`],
    ['"name":"a","name":"a"', `${inSpan}.name: the key stands here twice`],
    ['"name":"\\ud800"', `${inSpan}.name: half a surrogate pair`],
    ['"name":"a" "kind":1', `${inSpan}.name: expected a comma`],
    ['"name":"a",', `${inSpan}: expected a key`],
  ] as const)("refuses %s, naming the place", ([members, message]) => {
    const error = refusal(() => span(members));
    expect(error.code).toBe("invalid");
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error.message).toMatch(/, at byte \d+ of the JSON$/);
  });

  it.for([
    ["", "request: expected an object and found nothing"],
    ["  ", "request: expected an object and found nothing"],
    ["null", "request: expected an object"],
    ["[]", "request: expected an object"],
    ["\ufeff{}", "request: a byte order mark"],
    ["{} {}", "request: text after the end"],
    ['{"resourceSpans":[', "resourceSpans[0]: expected an object"],
  ] as const)("refuses %j as a whole", ([text, message]) => {
    expect(refusal(() => read("traces", text)).message).toContain(message);
  });

  it("does not repeat the data in the error", () => {
    expect(refusal(() => span('"secret-key":tru')).message).not.toContain("secret");
    expect(refusal(() => span('"traceId":"secret"')).message).not.toContain("secret");
  });
});

describe("toJson", () => {
  const taken: Batch[] = [];
  const backend: Sender = {
    send: async (batch) => {
      taken.push(batch);
      return { rejectedItems: 0, message: "" };
    },
    close: async () => {},
  };

  it("turns protobuf batches into JSON and lets JSON pass", async () => {
    const sender = toJson()(backend);
    const batch = protobufBatch("traces", encode("traces", { resourceSpans: [{ schemaUrl: "a" }] }), 0);
    await sender.send(batch, {});
    const [json] = taken;
    expect(json?.format).toBe("json");
    expect(new TextDecoder().decode(json?.body)).toBe('{"resourceSpans":[{"schemaUrl":"a"}]}');
    await sender.send(json!, {});
    expect(taken[1]).toBe(json);
  });

  it("says where it belongs when the batch is compressed already", async () => {
    const batch: Batch = { ...protobufBatch("traces", new Uint8Array(0), 0), encoding: "gzip" };
    await expect(toJson()(backend).send(batch, {})).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("before compress()"),
    });
  });
});

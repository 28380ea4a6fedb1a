import { type Attributes, diag, type Span, SpanStatusCode, type SpanStatus } from "@opentelemetry/api";
import type { RecordedSpan } from "@otlpkit/otlp";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { saidWarnings, spanBench } from "../../../test/span-bench.ts";
import type { SpanLimits } from "../index.ts";

const linked = { traceId: "12345678901234567890123456789012", spanId: "1234567890123456", traceFlags: 1 };

/** What a span is that was told so much and then ended. */
function recorded(tell: (span: Span) => void, limits?: SpanLimits): RecordedSpan {
  const { tracer, spans } = spanBench(limits && { limits });
  const span = tracer.startSpan("work");
  tell(span);
  span.end();
  const [only] = spans;
  expect(spans).toHaveLength(1);
  return only as RecordedSpan;
}

function attributesOf(attributes: Attributes, limits?: SpanLimits): unknown {
  const given = recorded((span) => span.setAttributes(attributes), limits);
  const { tracer, spans } = spanBench(limits && { limits });
  tracer.startSpan("work", { attributes }).end();
  const { attributes: atStart, droppedAttributesCount } = spans[0] as RecordedSpan;
  // It makes no difference when they are given.
  expect(given).toMatchObject({ attributes: atStart, droppedAttributesCount });
  return atStart;
}

afterEach(() => diag.disable());

describe("attributes of a span", () => {
  it("are of every kind that can be sent", () => {
    const attributes = {
      text: "ä🦀",
      empty: "",
      whole: Number.MAX_SAFE_INTEGER,
      fraction: 0.1,
      nan: Number.NaN,
      negativeZero: -0,
      yes: true,
      no: false,
      large: 2n ** 63n - 1n,
      nothing: null,
      texts: ["a", "b"],
      mixed: [1, "two", null, [true]],
      bytes: new Uint8Array([1, 2, 3]),
      nested: { a: { b: [{ c: 1 }] } },
    };
    expect(attributesOf(attributes)).toEqual(attributes);
  });

  it("are what dates, errors, maps and the like say of themselves", () => {
    expect(
      attributesOf({
        at: new Date(1_700_000_000_000),
        url: new URL("http://localhost/a"),
        error: new TypeError("no"),
        map: new Map<unknown, unknown>([
          ["a", 1],
          [2, new Set(["b"])],
        ]),
      }),
    ).toEqual({
      at: "2023-11-14T22:13:20.000Z",
      url: "http://localhost/a",
      error: "TypeError: no",
      map: { a: 1, 2: ["b"] },
    });
  });

  it("are left out if they are undefined, and not missed", () => {
    expect(attributesOf({ a: 1, b: undefined, c: { d: undefined, e: 1 } })).toEqual({ a: 1, c: { e: 1 } });
    expect(recorded((span) => span.setAttribute("a", undefined as never)).droppedAttributesCount).toBe(0);
  });

  it("are left out and counted if they cannot be sent", () => {
    class Socket {
      readonly own = 1;
    }
    const throwing = {
      toJSON() {
        throw new Error("no");
      },
    };
    const bad: unknown[] = [() => 1, Symbol("s"), new Socket(), new Float64Array(2), throwing];
    for (const value of bad) {
      expect(attributesOf({ bad: value, good: 1 })).toEqual({ good: 1 });
      expect(recorded((span) => span.setAttribute("bad", value as never)).droppedAttributesCount).toBe(1);
    }
    expect(attributesOf({ "": 1, good: 1 })).toEqual({ good: 1 });
  });

  it("have gaps where a part cannot be sent", () => {
    expect(attributesOf({ list: [1, () => 1, undefined, 2], object: { bad: Symbol("s"), good: 1 } })).toEqual({
      list: [1, null, null, 2],
      object: { bad: null, good: 1 },
    });
  });

  it("may refer to themselves without end, up to there", () => {
    const ring: { name: string; next?: unknown; both?: unknown[] } = { name: "ring" };
    ring.next = ring;
    ring.both = [ring, ring];
    expect(attributesOf({ ring })).toEqual({ ring: { name: "ring", next: null, both: [null, null] } });
  });

  it("do not change when what was given changes", () => {
    const list = ["a"];
    const bytes = new Uint8Array([1]);
    const given: Attributes = { list, bytes, count: 1 };
    const { tracer, spans } = spanBench();
    const span = tracer.startSpan("work", { attributes: given });
    span.setAttribute("other", list).addEvent("event", given).addLink({ context: linked, attributes: given });
    list.push("b");
    bytes[0] = 9;
    given["count"] = 2;
    span.setAttribute("more", 1).end();
    const kept = { list: ["a"], bytes: new Uint8Array([1]), count: 1 };
    expect(spans[0]).toMatchObject({ attributes: { ...kept, other: ["a"], more: 1 } });
    expect(spans[0]?.events[0]?.attributes).toEqual(kept);
    expect(spans[0]?.links[0]?.attributes).toEqual(kept);
    expect(given).not.toHaveProperty("more");
  });

  it("replace those of the same name, whatever that is", () => {
    const names = ["a", "constructor", "__proto__", "toString", "0"];
    const span = recorded((span) => {
      for (const name of names) span.setAttribute(name, 1).setAttribute(name, 2);
    });
    expect(Object.entries(span.attributes)).toEqual(expect.arrayContaining(names.map((name) => [name, 2])));
    expect(Object.keys(span.attributes)).toHaveLength(names.length);
    expect(span.droppedAttributesCount).toBe(0);
    expect(Object.entries(attributesOf(JSON.parse('{"__proto__":1,"a":2}')) as object)).toHaveLength(2);
  });

  it("are 128 at most, the first ones", () => {
    const many = Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`key${index}`, index]));
    expect(Object.keys(attributesOf(many) as object)).toEqual(Object.keys(many).slice(0, 128));
    const span = recorded((span) => span.setAttributes(many).setAttribute("key7", "still"));
    expect(span.droppedAttributesCount).toBe(2);
    expect(span.attributes["key7"]).toBe("still");
  });

  it("are as many and as long as the limits say (property)", () => {
    const attributes = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.array(fc.string())));
    fc.assert(
      fc.property(attributes, fc.nat(8), fc.nat(8), (given, attributeCountLimit, attributeValueLengthLimit) => {
        const limits = { attributeCountLimit, attributeValueLengthLimit };
        const span = recorded((span) => span.setAttributes(given), limits);
        const named = Object.keys(given).filter((key) => key !== "");
        expect(Object.keys(span.attributes)).toEqual(named.slice(0, attributeCountLimit));
        expect(span.droppedAttributesCount).toBe(Object.keys(given).length - Object.keys(span.attributes).length);
        for (const [key, value] of Object.entries(span.attributes)) {
          const cut = (text: unknown): unknown =>
            typeof text === "string" ? text.slice(0, attributeValueLengthLimit) : text;
          expect(value).toEqual(Array.isArray(given[key]) ? given[key].map(cut) : cut(given[key]));
        }
      }),
    );
  });

  it("are cut to the length that texts and bytes may have, never within a character", () => {
    const limits = { attributeValueLengthLimit: 3 };
    expect(attributesOf({ a: "abcd", b: ["abcd", 12_345], c: new Uint8Array(9), d: "ab🦀", e: "a🦀" }, limits)).toEqual(
      {
        a: "abc",
        b: ["abc", 12_345],
        c: new Uint8Array(3),
        d: "ab",
        e: "a🦀",
      },
    );
  });
});

describe("events of a span", () => {
  it("have a name, attributes and a time, in any form that the API takes", () => {
    const { events } = recorded((span) =>
      span
        .addEvent("plain")
        .addEvent("with attributes", { a: 1 })
        .addEvent("with a time", new Date(1_700_000_001_000))
        .addEvent("with both", { a: 1 }, [1_700_000_002, 5]),
    );
    expect(events).toEqual([
      { name: "plain", attributes: {}, droppedAttributesCount: 0, time: [1_700_000_000, 0] },
      { name: "with attributes", attributes: { a: 1 }, droppedAttributesCount: 0, time: [1_700_000_000, 0] },
      { name: "with a time", attributes: {}, droppedAttributesCount: 0, time: [1_700_000_001, 0] },
      { name: "with both", attributes: { a: 1 }, droppedAttributesCount: 0, time: [1_700_000_002, 5] },
    ]);
  });

  it("are 128 at most, the latest ones, and so are their attributes, the first ones", () => {
    const many = Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`key${index}`, index]));
    const { events, droppedEventsCount } = recorded((span) => {
      for (let index = 0; index < 130; index++) span.addEvent(`event ${index}`, index === 129 ? many : {});
    });
    expect(events).toHaveLength(128);
    expect(events[0]?.name).toBe("event 2");
    expect(droppedEventsCount).toBe(2);
    expect(Object.keys(events[127]?.attributes ?? {})).toHaveLength(128);
    expect(events[127]?.droppedAttributesCount).toBe(2);
  });

  it("are none if the limit is 0", () => {
    const span = recorded((span) => span.addEvent("a").addEvent("b"), { eventCountLimit: 0 });
    expect(span).toMatchObject({ events: [], droppedEventsCount: 2 });
  });
});

describe("links of a span", () => {
  it("are those given at the start and those added", () => {
    const { tracer, spans } = spanBench();
    const span = tracer.startSpan("work", { links: [{ context: linked, attributes: { a: 1 } }] });
    span.addLink({ context: linked, droppedAttributesCount: 3 }).addLinks([{ context: linked }, { context: linked }]);
    span.end();
    expect(spans[0]?.links).toEqual([
      { context: linked, attributes: { a: 1 }, droppedAttributesCount: 0 },
      { context: linked, attributes: {}, droppedAttributesCount: 3 },
      { context: linked, attributes: {}, droppedAttributesCount: 0 },
      { context: linked, attributes: {}, droppedAttributesCount: 0 },
    ]);
  });

  it("are 128 at most, the latest ones", () => {
    const links = Array.from({ length: 130 }, (_, index) => ({ context: linked, attributes: { index } }));
    const { tracer, spans } = spanBench();
    tracer.startSpan("work", { links }).end();
    expect(spans[0]?.links).toHaveLength(128);
    expect(spans[0]?.links[0]?.attributes).toEqual({ index: 2 });
    expect(spans[0]?.droppedLinksCount).toBe(2);
  });

  it("have as many attributes as the limit says", () => {
    const { links } = recorded((span) => span.addLink({ context: linked, attributes: { a: 1, b: 2 } }), {
      attributePerLinkCountLimit: 1,
    });
    expect(links).toEqual([{ context: linked, attributes: { a: 1 }, droppedAttributesCount: 1 }]);
  });
});

describe("the status of a span", () => {
  const { OK, ERROR, UNSET } = SpanStatusCode;

  it.each<[string, SpanStatus[], SpanStatus]>([
    ["unset if nobody says anything", [], { code: UNSET }],
    ["an error with its message", [{ code: ERROR, message: "no" }], { code: ERROR, message: "no" }],
    ["the later error", [{ code: ERROR, message: "no" }, { code: ERROR }], { code: ERROR }],
    ["ok after an error", [{ code: ERROR, message: "no" }, { code: OK }], { code: OK }],
    ["ok, whatever comes after", [{ code: OK }, { code: ERROR }, { code: UNSET }], { code: OK }],
    ["what it was when it is unset", [{ code: ERROR }, { code: UNSET }], { code: ERROR }],
    ["without a message if it is no error", [{ code: OK, message: "fine" }], { code: OK }],
    ["what it was when it is none of the three", [{ code: ERROR }, { code: 7 as never }], { code: ERROR }],
    ["without a message that is no text", [{ code: ERROR, message: 7 as never }], { code: ERROR }],
  ])("is %s", (_, told, status) => {
    expect(recorded((span) => told.forEach((each) => span.setStatus(each))).status).toEqual(status);
  });
});

describe("an exception", () => {
  it("is an event with type, message and stack", () => {
    const error = new TypeError("no");
    expect(recorded((span) => span.recordException(error)).events).toMatchObject([
      {
        name: "exception",
        time: [1_700_000_000, 0],
        attributes: { "exception.type": "TypeError", "exception.message": "no", "exception.stacktrace": error.stack },
      },
    ]);
  });

  it.each<[unknown, Attributes]>([
    ["just a text", { "exception.message": "just a text" }],
    [{ message: "no" }, { "exception.message": "no" }],
    [{ name: "Custom" }, { "exception.type": "Custom" }],
    [
      { code: "ENOENT", name: "Error", message: "no" },
      { "exception.type": "ENOENT", "exception.message": "no" },
    ],
    [
      { code: 14, message: "no" },
      { "exception.type": "14", "exception.message": "no" },
    ],
  ])("may be %j", (exception, attributes) => {
    const { events } = recorded((span) => span.recordException(exception as Error, [1_700_000_001, 5]));
    expect(events).toEqual([{ name: "exception", time: [1_700_000_001, 5], attributes, droppedAttributesCount: 0 }]);
  });

  it.each([undefined, null, 7, "", {}])("is none if it is %j, and the log says so", (exception) => {
    const said = saidWarnings();
    expect(recorded((span) => span.recordException(exception as never)).events).toEqual([]);
    expect(said).toEqual([expect.stringContaining("recordException")]);
  });
});

describe("a span that has ended", () => {
  function change(span: Span): void {
    span.setAttribute("a", 1).setAttributes({ b: 2 }).addEvent("event").addLink({ context: linked });
    span
      .addLinks([{ context: linked }])
      .setStatus({ code: SpanStatusCode.ERROR })
      .updateName("other");
    span.recordException(new Error("late"));
  }

  it("is no longer recording and does not change, and says once that somebody tried", () => {
    const said = saidWarnings();
    const { tracer, spans, clock } = spanBench();
    const span = tracer.startSpan("work");
    expect(span.isRecording()).toBe(true);
    span.end();
    expect(span.isRecording()).toBe(false);
    clock.monotonicMs += 100;
    change(span);
    span.end();
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ name: "work", attributes: {}, events: [], links: [], status: { code: 0 } });
    expect(spans[0]?.endTime).toEqual(spans[0]?.startTime);
    expect(said).toEqual([expect.stringContaining("setAttribute came after its end")]);
  });

  it("has the name that it was given last", () => {
    expect(recorded((span) => span.updateName("other")).name).toBe("other");
  });

  it("says once what was left out, if anything was (O-23)", () => {
    const said = saidWarnings();
    const limits = { attributeCountLimit: 1, eventCountLimit: 1 };
    recorded((span) => span.setAttributes({ a: 1, b: 2, c: 3 }).addEvent("e").addEvent("f"), limits);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/2 attributes, 1 events and 0 links/);
    recorded((span) => span.setAttribute("a", 1), limits);
    expect(said).toHaveLength(1);
  });
});

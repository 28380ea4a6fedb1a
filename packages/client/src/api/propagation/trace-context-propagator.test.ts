import {
  type Context,
  createContextKey,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { traceContextPropagator } from "../index.ts";
import { parseTraceState } from "./trace-state.ts";

const traceId = "12345678901234567890123456789012";
const spanId = "1234567890123456";
const valid = `00-${traceId}-${spanId}-01`;

type Headers = Record<string, string | string[]>;

function extract(headers: Headers): SpanContext | undefined {
  return trace.getSpanContext(traceContextPropagator().extract(ROOT_CONTEXT, headers, defaultTextMapGetter));
}

function inject(context: Context): Headers {
  const headers: Headers = {};
  traceContextPropagator().inject(context, headers, defaultTextMapSetter);
  return headers;
}

function stateFrom(tracestate: string | string[]): string | undefined {
  const spanContext = extract({ traceparent: valid, tracestate });
  expect(spanContext).toMatchObject({ traceId, spanId });
  return spanContext?.traceState?.serialize();
}

describe("a traceparent that comes in", () => {
  it("is the parent, in another process", () => {
    expect(extract({ traceparent: valid })).toEqual({ traceId, spanId, traceFlags: 1, isRemote: true });
  });

  it.each([
    [valid, 1],
    [`00-${traceId}-${spanId}-00`, 0],
    [`00-${traceId}-${spanId}-02`, 2],
    [`00-${traceId}-${spanId}-ff`, 3],
    [` ${valid}`, 1],
    [`\t${valid} \t`, 1],
    [`cc-${traceId}-${spanId}-01`, 1],
    [`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`, 1],
    [`01-${traceId}-${spanId}-03-`, 3],
  ])("is taken: %j", (traceparent, traceFlags) => {
    expect(extract({ traceparent })).toEqual({ traceId, spanId, traceFlags, isRemote: true });
    expect(extract({ traceparent: [traceparent] })).toEqual({ traceId, spanId, traceFlags, isRemote: true });
  });

  it.each([
    "",
    `${valid}.`,
    `${valid}-what-the-future-will-be-like`,
    `cc-${traceId}-${spanId}-01.what-the-future-will-be-like`,
    `ff-${traceId}-${spanId}-01`,
    `.0-${traceId}-${spanId}-01`,
    `0.-${traceId}-${spanId}-01`,
    `000-${traceId}-${spanId}-01`,
    `0-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-.${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId.slice(1)}.-${spanId}-01`,
    `00-${traceId}3-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId}-.${spanId.slice(1)}-01`,
    `00-${traceId}-${spanId}7-01`,
    `00-${traceId}-${spanId.slice(1)}-01`,
    `00-${traceId}-${spanId}-.0`,
    `00-${traceId}-${spanId}-0.`,
    `00-${traceId}-${spanId}-001`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId.replace("1", "A")}-${spanId}-01`,
    `00-${traceId}-${spanId}-0A`,
    `00-${traceId}-${spanId}`,
  ])("is not taken: %j", (traceparent) => {
    expect(extract({ traceparent, tracestate: "foo=1" })).toBeUndefined();
  });

  it("is not taken when it comes twice", () => {
    expect(extract({ traceparent: [valid, valid] })).toBeUndefined();
    expect(extract({ traceparent: `${valid}, ${valid}` })).toBeUndefined();
  });

  it("leaves what the context holds already when it is not taken", () => {
    const key = createContextKey("something else");
    const before = trace.setSpanContext(ROOT_CONTEXT.setValue(key, 1), { traceId, spanId, traceFlags: 0 });
    expect(traceContextPropagator().extract(before, { traceparent: "nonsense" }, defaultTextMapGetter)).toBe(before);
    const after = traceContextPropagator().extract(before, { traceparent: valid }, defaultTextMapGetter);
    expect(after.getValue(key)).toBe(1);
    expect(trace.getSpanContext(after)?.isRemote).toBe(true);
  });

  it("needs a getter that gives texts to be of any use", () => {
    expect(extract({ traceparent: 7 as never })).toBeUndefined();
    expect(extract({})).toBeUndefined();
  });
});

describe("a tracestate that comes in", () => {
  const legal = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
  const value = ` ${String.fromCharCode(...Array.from({ length: 94 }, (_, i) => 33 + i)).replace(/[,=]/g, "")}`;

  it.each([
    ["foo=1,bar=2", "foo=1,bar=2"],
    ["", undefined],
    ["foo=1", "foo=1"],
    [["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"],
    [["foo=1", ""], "foo=1"],
    [["", "foo=1"], "foo=1"],
    ["foo=1,", "foo=1"],
    [",, \t,foo=1,,bar=2", "foo=1,bar=2"],
    ["foo=1 \t , \t bar=2, \t baz=3", "foo=1,bar=2,baz=3"],
    ["\t foo=1 \t", "foo=1"],
    ["foo= 1", "foo= 1"],
    ["foo=1,foo=1", "foo=1"],
    ["foo=1,bar=3,foo=2", "foo=1,bar=3"],
    [`${legal}=${value}`, `${legal}=${value}`],
    [`${legal}@a-z0-9_-*/=${value}`, `${legal}@a-z0-9_-*/=${value}`],
    ["foo@=1,bar=2", "foo@=1,bar=2"],
    ["foo@@bar=1,bar=2", "foo@@bar=1,bar=2"],
    ["0foo=1", "0foo=1"],
    [`foo=1,${"z".repeat(256)}=1`, `foo=1,${"z".repeat(256)}=1`],
    [`foo=${"v".repeat(256)}`, `foo=${"v".repeat(256)}`],
  ])("is taken: %j", (tracestate, expected) => {
    expect(stateFrom(tracestate)).toBe(expected);
  });

  it.each([
    "foo =1",
    "FOO=1",
    "foo.bar=1",
    "@foo=1,bar=2",
    "foo=bar=baz",
    "foo=,bar=3",
    "foo",
    "foo,bar=1",
    "=1",
    "foo=ä",
    "foo=\u0007",
    `foo=1,${"z".repeat(257)}=1`,
    `foo=${"v".repeat(257)}`,
    members(33),
  ])("is dropped as a whole: %j", (tracestate) => {
    expect(stateFrom(tracestate)).toBeUndefined();
  });

  it("may have 32 members", () => {
    expect(stateFrom(members(32))).toBe(members(32));
  });

  it("is nothing without a traceparent", () => {
    expect(extract({ tracestate: "foo=1" })).toBeUndefined();
  });

  it("is cut to 512 characters: members of more than 128 first, then the last ones, never a part of one", () => {
    const long = (name: string): string => `${name}=${"v".repeat(126)}`;
    const short = (name: string): string => `${name}=${"v".repeat(100)}`;
    expect(stateFrom([long("ab"), short("c"), short("d"), short("e"), short("f")].join())).toBe(
      [short("c"), short("d"), short("e"), short("f")].join(),
    );
    expect(stateFrom("abcdef".replace(/./g, (name) => `${short(name)},`))).toBe(["a", "b", "c", "d"].map(short).join());
    expect(stateFrom([long("ab"), short("c"), short("d"), short("e"), long("fg")].join())).toBe(
      [long("ab"), short("c"), short("d"), short("e")].join(),
    );
  });

  it("keeps what is set in front and within the limits, whatever is set (property)", () => {
    const keys = fc.stringMatching(/^[a-z0-9][a-z0-9_\-*/@]{0,40}$/);
    const values = fc.stringMatching(/^[!-+\--<>-~]{1,100}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(keys, values), { minLength: 1, maxLength: 50 }), (changes) => {
        let state = parseTraceState("first=1");
        for (const [key, value] of changes) {
          state = state?.set(key, value);
          expect(state?.get(key)).toBe(value);
          expect(state?.serialize().startsWith(`${key}=${value}`)).toBe(true);
          expect(state?.serialize().length).toBeLessThanOrEqual(512);
          expect(state?.serialize().split(",").length).toBeLessThanOrEqual(32);
          expect(parseTraceState(state?.serialize() ?? "")?.serialize()).toBe(state?.serialize());
        }
      }),
    );
  });

  it("changes by giving another one, and not at all for what may not stand in it", () => {
    const state = parseTraceState("a=1,b=2");
    expect(state?.set("b", "3").serialize()).toBe("b=3,a=1");
    expect(state?.unset("a").serialize()).toBe("b=2");
    expect(state?.serialize()).toBe("a=1,b=2");
    expect(state?.set("B", "3")).toBe(state);
    expect(state?.set("b", "1,c=2")).toBe(state);
  });
});

describe("headers that go out", () => {
  const spanContext: SpanContext = { traceId, spanId, traceFlags: 3 };

  it("name the span of the context", () => {
    expect(inject(trace.setSpanContext(ROOT_CONTEXT, spanContext))).toEqual({
      traceparent: `00-${traceId}-${spanId}-03`,
    });
  });

  it("have the tracestate, if there is anything in it", () => {
    const traceState = parseTraceState("foo=1,bar=2");
    expect(traceState).toBeDefined();
    if (!traceState) return;
    const headers = inject(trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, traceState }));
    expect(headers["tracestate"]).toBe("foo=1,bar=2");
    const empty = traceState.unset("foo").unset("bar");
    expect(inject(trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, traceState: empty }))).not.toHaveProperty(
      "tracestate",
    );
  });

  it("have no flags that nobody knows", () => {
    const headers = inject(trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, traceFlags: 0xfd }));
    expect(headers["traceparent"]).toBe(`00-${traceId}-${spanId}-01`);
  });

  it("are none without a span, for an invalid one, and where tracing is suppressed", () => {
    expect(inject(ROOT_CONTEXT)).toEqual({});
    expect(inject(trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, spanId: "0".repeat(16) }))).toEqual({});
    const suppress = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
    expect(inject(trace.setSpanContext(ROOT_CONTEXT, spanContext).setValue(suppress, true))).toEqual({});
  });

  it("come back as they went", () => {
    const headers = { traceparent: valid, tracestate: "foo=1,bar=2" };
    const context = traceContextPropagator().extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    expect(inject(context)).toEqual(headers);
  });

  it("are the two it says", () => {
    expect(traceContextPropagator().fields()).toEqual(["traceparent", "tracestate"]);
  });
});

function members(count: number): string {
  return Array.from({ length: count }, (_, index) => `bar${index}=${index}`).join();
}

import { describe, expect, it } from "vitest";
import { expose, metrics } from "./index.ts";

describe("metrics", () => {
  it("counts in series told apart by labels, in any order", () => {
    const m = metrics();
    const counter = m.counter("requests", "Requests.");
    counter.with({ a: "1", b: "2" }).add(3);
    counter.with({ b: "2", a: "1" }).add(4);
    counter.with({ a: "2" }).add(5);
    counter.add(1);
    expect(m.sum("requests")).toBe(13);
    expect(m.sum("requests", { a: "1" })).toBe(7);
    expect(m.sum("nothing")).toBe(0);
  });

  it("gives the same metric for the same name, and refuses another type or an odd name", () => {
    const m = metrics();
    m.counter("x", "X.").add(1);
    m.counter("x", "X.").add(1);
    expect(m.sum("x")).toBe(2);
    expect(() => m.gauge("x", "X.")).toThrow("x is already a counter");
    expect(() => m.gauge("x y", "X.")).toThrow(TypeError);
  });

  it("asks for values before it is read", () => {
    const m = metrics();
    const gauge = m.gauge("level", "Level.");
    let level = 1;
    m.beforeRead(() => gauge.set(level));
    expect(m.read()[0]?.samples[0]?.value).toBe(1);
    level = 2;
    expect(m.read()[0]?.samples[0]?.value).toBe(2);
  });
});

describe("expose", () => {
  function filled(): ReturnType<typeof metrics> {
    const m = metrics();
    const histogram = m.histogram("size", "Sizes.", [1, 10]).with({ in: "x" });
    for (const value of [0.5, 1, 5, 50]) histogram.observe(value);
    m.counter("items", 'Items "sent"\nand \\ counted.').with({ to: 'a"b\\c\nd' }).add(2);
    m.gauge("load", "Load.").set(Number.POSITIVE_INFINITY);
    return m;
  }

  it("writes the Prometheus text format, escaped and in order", () => {
    const { contentType, body } = expose(filled().read());
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(body).toBe(`# HELP items Items "sent"\\nand \\\\ counted.
# TYPE items counter
items{to="a\\"b\\\\c\\nd"} 2
# HELP load Load.
# TYPE load gauge
load +Inf
# HELP size Sizes.
# TYPE size histogram
size_bucket{in="x",le="1"} 2
size_bucket{in="x",le="10"} 3
size_bucket{in="x",le="+Inf"} 4
size_sum{in="x"} 56.5
size_count{in="x"} 4
`);
  });

  it("writes OpenMetrics when asked, with the same names", () => {
    const accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
    const { contentType, body } = expose(filled().read(), accept);
    expect(contentType).toContain("application/openmetrics-text; version=1.0.0");
    expect(body).toContain('# TYPE items unknown\nitems{to="a\\"b\\\\c\\nd"} 2\n');
    expect(body.endsWith("\n# EOF\n")).toBe(true);
  });
});

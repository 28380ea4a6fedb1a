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

describe("the bounds of metrics", () => {
  it("adds up what has too many labels, and keeps the sum right", () => {
    const m = metrics({ maxSeries: 3 });
    const counter = m.counter("requests", "Requests.");
    for (let tenant = 0; tenant < 50; tenant++) counter.with({ tenant: String(tenant) }).add(2);
    const { samples } = m.read()[0]!;
    expect(samples.map(({ labels, value }) => [labels, value])).toEqual([
      [{ tenant: "0" }, 2],
      [{ tenant: "1" }, 2],
      [{ tenant: "2" }, 2],
      [{ overflow: "true" }, 94],
    ]);
    expect(m.sum("requests")).toBe(100);
  });

  it("writes no label that is empty, long or no text, and takes no odd name of one", () => {
    const m = metrics();
    const gauge = m.gauge("level", "Level.");
    gauge.with({ a: "", b: "x".repeat(5000), c: "\uD800" }).set(1);
    expect(m.read()[0]!.samples[0]!.labels).toEqual({ b: "x".repeat(200), c: "\uFFFD" });
    for (const name of ["a-b", "__a", "1", ""]) expect(() => gauge.with({ [name]: "x" })).toThrow(TypeError);
  });

  it("forgets what is no more", () => {
    const m = metrics();
    m.gauge("a", "A.").with({ exporter: "x", endpoint: "1" }).set(1);
    m.gauge("a", "A.").with({ exporter: "y" }).set(1);
    m.counter("b", "B.").with({ exporter: "x" }).add(1);
    m.forget({ exporter: "x" });
    expect([m.sum("a"), m.sum("b")]).toEqual([1, 0]);
  });

  it("takes totals that are counted elsewhere", () => {
    const m = metrics();
    const series = m.counter("seconds", "Seconds.").with({});
    series.total(5);
    series.total(7);
    expect(m.sum("seconds")).toBe(7);
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
    expect(body).toContain('size_bucket{in="x",le="10.0"} 3\nsize_bucket{in="x",le="+Inf"} 4\n');
    expect(body.endsWith("\n# EOF\n")).toBe(true);
  });

  it("writes units and upper bounds as OpenMetrics wants them", () => {
    const m = metrics();
    m.histogram("wait_seconds", "Waits.", [0.005, 250_000, 2_500_000, 16e6]).with({}).observe(1);
    m.gauge("process_uptime", "Age.", "seconds").set(1);
    const { body } = expose(m.read(), "application/openmetrics-text");
    expect(body).toContain("# UNIT wait_seconds seconds\n");
    expect(body).not.toContain("# UNIT process_uptime");
    const bounds = [...body.matchAll(/le="([^"]+)"/gu)].map((found) => found[1]);
    expect(bounds).toEqual(["0.005", "250000.0", "2.5e+06", "1.6e+07", "+Inf"]);
  });
});

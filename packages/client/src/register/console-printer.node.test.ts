import { describe, expect, it } from "vitest";
import { sdkSpans } from "../../test/sdk-spans.ts";
import { consolePrinter } from "./console-printer.ts";

const resource = { attributes: {} };
const scope = { name: "shop" };

function bench() {
  const lines: string[] = [];
  return { lines, printer: consolePrinter((line) => lines.push(line)) };
}

describe("the exporter for the console", () => {
  it("prints a span as a line: how long it took, how it ended, where it is to be found, what it says", () => {
    const { lines, printer } = bench();
    const [span] = sdkSpans("order");
    printer.recordSpan({ ...span!, status: { code: 2, message: "sold out" }, attributes: { items: 3 } });
    expect(lines).toEqual([
      "span  order  1000.0 ms  error  sold out  0af7651916cd43dd8448eb211c80319c/0000000000000001  { items: 3 }",
    ]);
  });

  it("prints a log record as a line, whatever its body is", () => {
    const { lines, printer } = bench();
    const record = {
      hrTime: [1_700_000_000, 0],
      hrTimeObserved: [1_700_000_000, 0],
      attributes: {},
      droppedAttributesCount: 0,
      resource,
      instrumentationScope: scope,
    } as const;
    printer.recordLog({ ...record, severityText: "WARN", body: "low on tea" });
    printer.recordLog({ ...record, severityNumber: 9, eventName: "sold", body: { what: ["tea"] } });
    expect(lines).toEqual(["log  WARN  low on tea", "log  9  sold  { what: [ 'tea' ] }"]);
  });

  it("prints a line for each point of a metric", () => {
    const { lines, printer } = bench();
    const point = { startTime: [0, 0], endTime: [0, 0] } as const;
    const dataPoints = [
      { ...point, value: 7, attributes: { path: "/a" } },
      { ...point, value: 8n, attributes: {} },
    ];
    const descriptor = { name: "shop.orders", unit: "{order}", valueType: 0 };
    printer.recordMetric({
      resource,
      scopeMetrics: [{ scope, metrics: [{ descriptor, dataPointType: 3, dataPoints }] }],
    });
    expect(lines).toEqual(["metric  shop.orders  7  {order}  { path: '/a' }", "metric  shop.orders  8n  {order}"]);
  });
});

import { protobufToJson } from "@otlpkit/otlp";
import { seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { itemLines } from "./debug-items.ts";

const some = seeded(5);

describe("itemLines", () => {
  it.each([some.traces({ items: 9 }), some.metrics({ items: 9 }), some.logs({ items: 9 })])(
    "gives each of the $items items of $signal a line",
    ({ body, items, signal }) => {
      const lines = itemLines(signal, JSON.parse(new TextDecoder().decode(protobufToJson(signal, body))));
      expect(lines).toHaveLength(items);
      expect(new Set(lines).size).toBeGreaterThan(1);
    },
  );

  it("shows what tells a span from others", () => {
    const span = { name: "GET /", traceId: "0a", spanId: "0b" };
    const lines = itemLines("traces", { resourceSpans: [{ scopeSpans: [{ spans: [span, {}] }] }] });
    expect(lines).toEqual(['  "GET /" 0a 0b', '  "" - -']);
  });
});

import { describe, expect, it } from "vitest";
import { columnsOf } from "../src/run.ts";
import { elsewhere } from "../src/scenarios/elsewhere.ts";
import { scenarios } from "../src/scenarios/index.ts";
import { holdAll } from "./hold-all.ts";

/** How many requirements each group of the list has. */
const groups = { A: 26, C: 24, F: 21, G: 8, H: 9, I: 39, J: 5, O: 23 };

describe("the scenarios", () => {
  it("leave no requirement out silently", () => {
    const ids = Object.entries(groups).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, n) => `${letter}-${String(n + 1).padStart(2, "0")}`),
    );
    const tried = new Set(scenarios.flatMap((scenario) => scenario.ids));
    const spoken = new Set([...tried, ...Object.keys(elsewhere)]);
    expect(ids.filter((id) => !spoken.has(id))).toEqual([]);
    expect(Object.keys(elsewhere).filter((id) => tried.has(id))).toEqual([]);
    expect([...tried].filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe("every scenario holds", () => {
  // What the drop-ins add to the client is the same over each protocol but for a few options; the long tests try them all.
  holdAll([...columnsOf("client"), { subject: "drop-in", protocol: "http/protobuf" }]);
});

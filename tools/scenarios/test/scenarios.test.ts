import { beforeAll, describe, expect, it } from "vitest";
import { type Cell, run } from "../src/run.ts";
import { nameOf } from "../src/scenario.ts";
import { elsewhere } from "../src/scenarios/elsewhere.ts";
import { scenarios } from "../src/scenarios/index.ts";
import { protocols } from "../src/subject.ts";

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

describe("what we say of ourselves holds", () => {
  const ours = ["client", "drop-in"];
  let cells: readonly Cell[] = [];
  beforeAll(async () => {
    cells = await run({ subjects: ours, thorough: true });
  }, 300_000);

  describe.each(ours)("of %s", (subject) => {
    describe.each(protocols)("over %s", (protocol) => {
      it.each(scenarios.map((scenario) => [nameOf(scenario), scenario] as const))("%s", (_, scenario) => {
        const cell = cells.find(
          (each) => each.scenario === scenario && each.subject === subject && each.protocol === protocol,
        );
        expect(cell?.result.kind === "instead" ? cell.result.what : cell?.result.kind).toMatch(
          /^(holds|not-applicable)$/,
        );
      });
    });
  });
});

import { beforeAll, describe, expect, it } from "vitest";
import { type Cell, type Column, run } from "../src/run.ts";
import { nameOf } from "../src/scenario.ts";
import { scenarios } from "../src/scenarios/index.ts";

/** One test for each scenario and column. Run together, as nearly all of their time is spent waiting. */
export function holdAll(columns: readonly Column[]): void {
  let cells: readonly Cell[] = [];
  beforeAll(async () => {
    cells = await run({ columns, thorough: true });
  }, 300_000);

  describe.each(columns)("$subject over $protocol", ({ subject, protocol }) => {
    it.each(scenarios.map((scenario) => [nameOf(scenario), scenario] as const))("%s", (_, scenario) => {
      const cell = cells.find(
        (each) => each.scenario === scenario && each.subject === subject && each.protocol === protocol,
      );
      expect(cell?.result.kind === "instead" ? cell.result.what : cell?.result.kind).toMatch(
        /^(holds|not-applicable)$/,
      );
    });
  });
}

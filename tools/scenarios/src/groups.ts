import type { Cell } from "./run.ts";
import type { Scenario } from "./scenario.ts";

const titles: Readonly<Record<string, string>> = {
  A: "requests, limits and connections, gRPC first",
  C: "the same where HTTP has rules of its own",
  F: "retry, throttling, backoff",
  G: "partial success",
  H: "concurrency, several destinations",
  I: "configuration",
  J: "User-Agent",
  O: "batch processing",
};

/** The scenarios with their cells, by the letter of their first id. */
export interface Group {
  readonly letter: string;
  readonly title: string;
  readonly rows: readonly { readonly scenario: Scenario; readonly cells: readonly Cell[] }[];
}

export function groupsOf(cells: readonly Cell[], order: readonly Scenario[]): readonly Group[] {
  const byScenario = Map.groupBy(cells, ({ scenario }) => scenario);
  const rows = order.flatMap((scenario) => {
    const own = byScenario.get(scenario);
    return own === undefined ? [] : [{ scenario, cells: own }];
  });
  return [...Map.groupBy(rows, ({ scenario: { ids } }) => ids[0]?.charAt(0) ?? "")].map(([letter, own]) => ({
    letter,
    title: titles[letter] ?? "",
    rows: own,
  }));
}

import type { Cell } from "./run.ts";
import type { Result } from "./scenario.ts";
import { protocols } from "./subject.ts";

/** What one subject did in one scenario, its protocols taken together: "ok", or what happened where it was not so. */
export function inWords(cells: readonly Cell[]): string {
  const applicable = inOrder(cells).filter(({ result }) => result.kind !== "not-applicable");
  if (applicable.length === 0) return "n/a";
  const byWords = [...Map.groupBy(applicable, ({ result }) => wordsOf(result))];
  const [only] = byWords;
  if (only !== undefined && byWords.length === 1) return only[0];
  return byWords
    .map(([words, each]) => `${each.map(({ protocol }) => short[protocol]).join(", ")}: ${words}`)
    .join("; ");
}

/** A sign for each protocol. */
export function inSigns(cells: readonly Cell[]): string {
  return inOrder(cells)
    .map(({ result }) => ({ holds: "+", instead: "x", "not-applicable": "." })[result.kind])
    .join(" ");
}

/** As they stand in the list of protocols. */
function inOrder(cells: readonly Cell[]): readonly Cell[] {
  return cells.toSorted((a, b) => protocols.indexOf(a.protocol) - protocols.indexOf(b.protocol));
}

const short = { grpc: "grpc", "http/protobuf": "proto", "http/json": "json" };

function wordsOf(result: Result): string {
  return result.kind === "holds" ? "ok" : result.kind === "instead" ? result.what : "n/a";
}

/** How many of the applicable cells hold. */
export function tally(cells: readonly Cell[]): { readonly holds: number; readonly of: number } {
  const applicable = cells.filter(({ result }) => result.kind !== "not-applicable");
  return { holds: applicable.filter(({ result }) => result.kind === "holds").length, of: applicable.length };
}

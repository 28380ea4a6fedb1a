import type { AmountFinding, Finding, RatioFinding } from "./bench.ts";

const ratioHeadings = ["#", "work", "peer", "peer, CPU", "ours, CPU", "ratio CPU", "ratio wall", "spread", "goal", ""];
const amountHeadings = ["#", "work", "peer", "peer's", "ours", "spread of ours", "goal", ""];

/** Markdown tables of findings, aligned for a terminal as well: one of ratios, one of amounts. */
export function table(findings: readonly Finding[]): string {
  const ratios = findings.filter((finding) => "comparison" in finding);
  const amounts = findings.filter((finding) => "unit" in finding);
  return [aligned(ratioHeadings, ratios.map(ratioRow)), aligned(amountHeadings, amounts.map(amountRow))]
    .filter((text) => text !== "")
    .join("\n\n");
}

function ratioRow({ id, work, peer, comparison, goal, by, items }: RatioFinding): readonly string[] {
  const ratio = by === "cpu" ? comparison.cpuRatio : comparison.wallRatio;
  return [
    id,
    work,
    peer,
    perItem(comparison.peer.cpuMicros / items),
    perItem(comparison.ours.cpuMicros / items),
    times(comparison.cpuRatio),
    times(comparison.wallRatio),
    `${times(comparison.spread[0])} to ${times(comparison.spread[1])}`,
    goal === 0 ? "" : `≥ ${times(goal)}`,
    goal === 0 ? "for orientation" : verdict(ratio >= goal),
  ];
}

function amountRow({ id, work, peer, unit, ours, theirs, spread, goal }: AmountFinding): readonly string[] {
  const [sign, wanted] = "atMost" in goal ? ["≤", goal.atMost] : ["≥", goal.atLeast];
  return [
    id,
    work,
    peer,
    `${amount(theirs)} ${unit}`,
    `${amount(ours)} ${unit}`,
    `${amount(spread[0])} to ${amount(spread[1])}`,
    `${sign} ${amount(wanted)}`,
    verdict("atMost" in goal ? ours <= goal.atMost : ours >= goal.atLeast),
  ];
}

function verdict(reached: boolean): string {
  return reached ? "reached" : "**not reached**";
}

function aligned(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(headings), rule, ...rows.map(line)].join("\n");
}

function perItem(micros: number): string {
  return micros >= 1 ? `${micros.toFixed(2)} µs` : `${(micros * 1000).toFixed(1)} ns`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(ratio >= 20 ? 0 : ratio >= 2 ? 1 : 2)}x`;
}

function amount(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

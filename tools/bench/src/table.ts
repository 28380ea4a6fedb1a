import type { Finding } from "./bench.ts";

const headings = ["#", "work", "peer", "peer, CPU", "ours, CPU", "ratio CPU", "ratio wall", "spread", "goal", ""];

/** A Markdown table of findings, aligned for a terminal as well. */
export function table(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const { comparison, goal, by, items } = finding;
    const ratio = by === "cpu" ? comparison.cpuRatio : comparison.wallRatio;
    return [
      finding.id,
      finding.work,
      finding.peer,
      perItem(comparison.peer.cpuMicros / items),
      perItem(comparison.ours.cpuMicros / items),
      times(comparison.cpuRatio),
      times(comparison.wallRatio),
      `${times(comparison.spread[0])} to ${times(comparison.spread[1])}`,
      goal === 0 ? "" : `≥ ${times(goal)}`,
      goal === 0 ? "for orientation" : ratio >= goal ? "reached" : "**not reached**",
    ];
  });
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(headings), rule, ...rows.map(line)].join("\n");
}

function perItem(micros: number): string {
  return micros >= 1 ? `${micros.toFixed(2)} µs` : `${(micros * 1000).toFixed(1)} ns`;
}

function times(ratio: number): string {
  return `${ratio >= 20 ? ratio.toFixed(0) : ratio.toFixed(1)}x`;
}

import { groupsOf } from "./groups.ts";
import { inSigns, inWords, tally } from "./in-words.ts";
import type { Cell } from "./run.ts";
import type { Scenario } from "./scenario.ts";

const titleWidth = 88;
const subjectWidth = 12;

/** For the terminal: a sign for each protocol, and below each row what happened instead. */
export function table(cells: readonly Cell[], subjects: readonly string[], order: readonly Scenario[]): string {
  const head = `${" ".repeat(titleWidth)}${subjects.map((name) => name.padEnd(subjectWidth)).join("")}`;
  const lines = ["+ holds, x does not, . not applicable; over grpc, http/protobuf, http/json", head];
  for (const { letter, title, rows } of groupsOf(cells, order)) {
    lines.push("", `${letter}  ${title}`);
    for (const { scenario, cells: row } of rows) lines.push(...rowOf(scenario, row, subjects));
  }
  return [...lines, "", ...summary(cells, subjects)].join("\n");
}

function rowOf(scenario: Scenario, row: readonly Cell[], subjects: readonly string[]): string[] {
  const of = (name: string): Cell[] => row.filter(({ subject }) => subject === name);
  const signs = subjects.map((name) => inSigns(of(name)).padEnd(subjectWidth)).join("");
  const wordy = subjects.filter((name) => of(name).some(({ result }) => result.kind === "instead"));
  const notes = [...Map.groupBy(wordy, (name) => inWords(of(name)))].map(
    ([words, names]) => `       ${names.join(", ")}: ${words}`,
  );
  const whole = `${scenario.ids.join(" ")}  ${scenario.title}`;
  const [first = "", ...rest] = wrapped(whole, titleWidth - 4);
  return [`  ${first.padEnd(titleWidth - 2)}${signs}`, ...rest.map((line) => `       ${line}`), ...notes];
}

function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

/** One line a subject: how many of its cells hold. */
function summary(cells: readonly Cell[], subjects: readonly string[]): string[] {
  return subjects.map((name) => {
    const { holds, of } = tally(cells.filter(({ subject }) => subject === name));
    return `${name.padEnd(subjectWidth)} ${holds} of ${of} hold`;
  });
}

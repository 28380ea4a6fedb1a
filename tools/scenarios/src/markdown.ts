import { groupsOf } from "./groups.ts";
import { inWords, tally } from "./in-words.ts";
import type { Cell } from "./run.ts";
import type { Scenario } from "./scenario.ts";
import { elsewhere } from "./scenarios/elsewhere.ts";

/** The page that is kept beside the tool. */
export function markdown(
  cells: readonly Cell[],
  subjects: readonly { readonly name: string; readonly version: string }[],
  order: readonly Scenario[],
): string {
  const names = subjects.map(({ name }) => name);
  const tallies = names.map((name) => {
    const { holds, of } = tally(cells.filter(({ subject }) => subject === name));
    return `${holds} of ${of}`;
  });
  const lines = [
    ...preamble,
    `Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}. Written by \`npm run scenarios -- --markdown\`.`,
    "",
    row(["", ...names]),
    row(["---", ...names.map(() => "---")]),
    row(["version", ...subjects.map(({ version }) => version)]),
    row(["cells that hold", ...tallies]),
  ];
  for (const { letter, title, rows } of groupsOf(cells, order)) {
    lines.push("", `## ${letter}: ${title}`, "", row(["", ...names]), row(["---", ...names.map(() => "---")]));
    for (const { scenario, cells: own } of rows) {
      const words = names.map((name) => inWords(own.filter(({ subject }) => subject === name)));
      const shown = words.map((each, at) =>
        at > 0 && each !== "ok" && each !== "n/a" && each === words[at - 1] ? "the same" : each,
      );
      lines.push(row([`${scenario.ids.join(" ")} ${scenario.title}`, ...shown]));
    }
  }
  lines.push("", "## Without a scenario", "", row(["", ""]), row(["---", "---"]));
  for (const [id, why] of Object.entries(elsewhere)) lines.push(row([id, why]));
  return `${lines.join("\n")}\n`;
}

const preamble = [
  "# Scenarios",
  "",
  "What users of a telemetry client live through - a backend that hangs, refuses, restarts, answers in part, is slow - tried on",
  "our client, on our drop-ins for the OpenTelemetry SDK, and on the exporters and processors of OpenTelemetry JS in two",
  "generations, over gRPC, HTTP with protobuf and HTTP with JSON. Each has a backend of its own that answers by a script.",
  "",
  "- `npm run scenarios` tries all and prints a table; words after `--` choose rows: `npm run scenarios -- F-15`.",
  "- `--subjects client,drop-in` chooses columns; `--json` and `--markdown` print it in other forms.",
  "- Ids are those of our list of requirements, made from the specification: A gRPC, C HTTP, F retry, G partial success,",
  "  H concurrency, I configuration, J User-Agent, O batch processing. Some are choices where the specification leaves one, and a",
  "  few rows say more than it asks for; not each `x` is a violation. Options have their defaults unless the row names one.",
  "- `client` is `createClient` of `@otlpkit/client`. `drop-in` is the exporters of `@otlpkit/opentelemetry-*` where a row exports at",
  "  once, and their processors on a shared client where it records. `official` is the exporter class, behind the batch",
  "  processor where a row records; programs without a set-up run under `NodeSDK`. Everything is asked of official loggers",
  "  and self-metrics that they have, switched on.",
  "- The tests hold our own columns to it. What does not hold is tried once more with less going on before it counts.",
  "",
];

function row(words: readonly string[]): string {
  return `| ${words.map((each) => each.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

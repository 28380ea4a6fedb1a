// `npm run scenarios -- [WORD...] [--subjects NAME,NAME] [--json | --markdown]`
import { parseArgs } from "node:util";
import { markdown } from "./markdown.ts";
import { columnsOf, run, scenariosWith } from "./run.ts";
import { subjects } from "./subjects/index.ts";
import { table } from "./table.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    subjects: { type: "string", default: Object.keys(subjects).join(",") },
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
  },
});
const names = values.subjects.split(",").map((name) => name.trim());
const unknown = names.filter((name) => !(name in subjects));
const chosen = scenariosWith(positionals);
if (unknown.length > 0 || chosen.length === 0) {
  const known = Object.keys(subjects).join(", ");
  console.error(unknown.length > 0 ? `no subject "${unknown[0]}"; known: ${known}` : "no scenario has these words");
  process.exit(2);
}

const kinds = await Promise.all(names.map(kindOf));
const began = performance.now();
let known = 0;
const all = chosen.length * names.length * 3;
const progress = process.stderr.isTTY && !values.json;
const cells = await run({
  columns: names.flatMap(columnsOf),
  scenarios: chosen,
  onCell: () => {
    if (progress) process.stderr.write(`\r${++known} of ${all}`);
  },
});
if (progress) process.stderr.write("\r");

if (values.json) {
  const versions = Object.fromEntries(kinds.map(({ name, version }) => [name, version]));
  const rows = cells.map(({ scenario: { ids, title }, subject, protocol, result }) => ({
    ids,
    title,
    subject,
    version: versions[subject],
    protocol,
    ...result,
  }));
  console.log(JSON.stringify(rows, undefined, 2));
} else if (values.markdown) {
  console.log(markdown(cells, kinds, chosen).trimEnd());
} else {
  console.log(table(cells, names, chosen));
  console.log(`in ${Math.round((performance.now() - began) / 1000)} s`);
}

/** What it is called, and its version. What can't be loaded is a result of its scenarios. */
async function kindOf(name: string): Promise<{ readonly name: string; readonly version: string }> {
  try {
    return (await subjects[name]?.()) ?? { name, version: "?" };
  } catch {
    return { name, version: "can't be loaded" };
  }
}

// Measures otlpkit against what people use today, both sides in turn in one run, and prints a table.
// `npm run bench` runs all; `npm run bench -- C1 relay` those whose name holds one of the words; `--json` for machines.
import { cpus, totalmem } from "node:os";
import type { Bench, Finding } from "./bench.ts";
import { balancing } from "./cases/balancing.ts";
import { client } from "./cases/client.ts";
import { compression } from "./cases/compression.ts";
import { encoding } from "./cases/encode.ts";
import { queue } from "./cases/queue.ts";
import { relay } from "./cases/relay.ts";
import { transports } from "./cases/transports.ts";
import { weight } from "./cases/weight.ts";
import { wire } from "./cases/wire.ts";
import { table } from "./table.ts";

const all: readonly Bench[] = [
  ...encoding,
  ...wire,
  ...transports,
  ...compression,
  ...relay,
  ...queue,
  ...client,
  ...weight,
  ...balancing,
];
const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const json = process.argv.includes("--json");
const chosen = all.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (chosen.length === 0) {
  console.error(
    `nothing is called ${words.join(" or ")}; there are:\n${all.map(({ name }) => `  ${name}`).join("\n")}`,
  );
  process.exit(2);
}

const findings: Finding[] = [];
for (const [index, bench] of chosen.entries()) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${index + 1}/${chosen.length} ${bench.name} ...`);
  findings.push(...(await bench.run()));
}
if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");

if (json) {
  console.log(JSON.stringify(findings, undefined, 2));
} else {
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${machine}\n`);
  console.log(table(findings));
  const notes = findings.filter(({ note }) => note !== undefined);
  if (notes.length > 0) console.log(`\n${notes.map(({ id, note }) => `- ${id}: ${note}`).join("\n")}`);
}

import { parseArgs } from "node:util";
import { signalNames } from "@otlpkit/core";
import { destination, destinationHelp, destinationOptions, type Destination } from "./destination.ts";
import { addressStep, connectStep, nameStep, tlsStep } from "./check-network.ts";
import { compressionStep, signalStep } from "./check-protocol.ts";
import { counted, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export const checkHelp = `Says step by step whether an endpoint takes OTLP, and what to do about what does not work.

usage: otlp check ENDPOINT [OPTION...]

${destinationHelp}
      --json               the steps as one line of JSON

Sends empty requests only: nothing appears at the backend.

example: otlp check https://collector.example:4317 --ca ca.pem`;

/** What one step found. */
export interface Step {
  readonly name: string;
  /** "no" for what an endpoint need not have. */
  readonly outcome: "ok" | "failed" | "no";
  readonly detail: string;
  /** What to do, when something is to be done. */
  readonly advice?: string;
}

/** `otlp check`. Resolves with the exit code: 0 when traces, metrics and logs are taken. */
export async function check(argv: readonly string[], terminal: Terminal, env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { ...destinationOptions, json: { type: "boolean" } },
  });
  const endpoint = positionals[0] ?? values.endpoint;
  if (positionals.length > 1) throw new UsageError("check takes one endpoint");
  const to = destination({ ...values, endpoint }, env);

  const steps: Step[] = [];
  for await (const step of walk(to)) {
    steps.push(step);
    terminal.progress("");
    if (!values.json) for (const line of shown(step)) terminal.print(line);
    terminal.progress(`   checking ...`);
  }
  terminal.progress("");
  const failed = steps.filter(({ outcome }) => outcome === "failed");
  if (values.json)
    terminal.print(JSON.stringify({ endpoint: to.url, protocol: to.protocol, ok: failed.length === 0, steps }));
  else
    terminal.print(
      failed.length === 0 ? `\n${to.url} takes OTLP by ${to.protocol}` : `\n${counted(failed.length, "steps")} failed`,
    );
  return failed.length === 0 ? 0 : 1;
}

/** From the name up to each signal; stops where going on makes no sense. */
async function* walk(to: Destination): AsyncGenerator<Step> {
  const url = new URL(to.url);
  yield addressStep(to, url);
  const name = await nameStep(url);
  yield name;
  if (name.outcome === "failed") return;
  const connected = await connectStep(url, to.timeoutMs);
  yield connected;
  if (connected.outcome === "failed") return;
  if (url.protocol === "https:") {
    const tls = await tlsStep(url, to);
    yield tls;
    if (tls.outcome === "failed") return;
  }
  for (const signal of signalNames) {
    const step = await signalStep(to, signal);
    yield step;
    // When the far side speaks another protocol or wants credentials, the other signals will say the same.
    if (signal === "traces" && step.outcome === "failed" && step.name !== "traces") return;
  }
  for (const coding of ["gzip", "zstd", "deflate", "br"]) yield await compressionStep(to, coding);
}

function shown({ name, outcome, detail, advice }: Step): string[] {
  const mark = { ok: "✓", failed: "✗", no: "–" }[outcome];
  const lines = [`${mark} ${name.padEnd(12)} ${detail}`];
  if (advice) lines.push(`${" ".repeat(15)}→ ${advice}`);
  return lines;
}

import { readFileSync } from "node:fs";
import { audit, auditHelp } from "./audit/audit.ts";
import { check, checkHelp } from "./check.ts";
import { generate, generateHelp } from "./generate.ts";
import { queue, queueHelp } from "./queue/queue.ts";
import { send, sendHelp } from "./send.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

type Command = (
  argv: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  stop: AbortSignal | undefined,
) => Promise<number>;

const commands: Readonly<Record<string, { readonly run: Command; readonly help: string; readonly line: string }>> = {
  send: { run: send, help: sendHelp, line: "send what is in a file (JSON, JSON lines or binary)" },
  generate: { run: generate, help: generateHelp, line: "make load and say what became of it" },
  check: { run: check, help: checkHelp, line: "say step by step what works at an endpoint" },
  queue: { run: queue, help: queueHelp, line: "look into a durable queue, replay it, repair it" },
  audit: { run: audit, help: auditHelp, line: "check that an audit log is as it was written" },
};

const help = `otlp: send, make and check OpenTelemetry data

usage: otlp COMMAND [OPTION...]

${Object.entries(commands)
  .map(([name, { line }]) => `  ${name.padEnd(10)} ${line}`)
  .join("\n")}

otlp COMMAND --help tells more; otlp --version says which this is.`;

/** The whole program but for the process around it. Resolves with the exit code; 2 means that the words were wrong. */
export async function run(
  argv: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  stop?: AbortSignal,
): Promise<number> {
  const [name = "--help", ...rest] = argv;
  if (name === "--version" || name === "-v") {
    terminal.print(version());
    return 0;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    terminal.print(commands[rest[0] ?? ""]?.help ?? help);
    return argv.length === 0 ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    terminal.note(`otlp has no command "${name}"; it has ${Object.keys(commands).join(", ")}`);
    return 2;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    terminal.print(command.help);
    return 0;
  }
  try {
    return await command.run(rest, terminal, env, stop);
  } catch (error) {
    // What util.parseArgs throws is about the words as well.
    const words =
      error instanceof UsageError || String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
    if (!words) throw error;
    terminal.note(`otlp ${name}: ${(error as Error).message}\notlp ${name} --help tells more`);
    return 2;
  }
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

import { grpcBackend, httpBackend } from "@otlpkit/testkit/node";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram } from "./program/start-program.ts";
import { Instead, type Result, type Scenario, type Stage } from "./scenario.ts";
import { NoSuchOption, type Protocol, type Subject, type SubjectKind } from "./subject.ts";
import type { Turns } from "./turns.ts";
import { listener } from "./subjects/listening.ts";

const usualBudgetMs = 15_000;
/** How long a subject may take to end when its scenario is over. */
const patienceMs = 1000;

/**
 * Tries one scenario on one subject. Never throws and never takes much longer than the budget. Programs that it starts
 * take turns with those of others.
 */
export async function tryOut(
  scenario: Scenario,
  kind: SubjectKind,
  protocol: Protocol,
  programTurns: Turns,
): Promise<Result> {
  const why = scenario.notFor?.(kind, protocol);
  if (why !== undefined) return { kind: "not-applicable", why };
  const reports: string[] = [];
  const undo: (() => unknown)[] = [];
  const report = (line: string): void => void reports.push(line);
  const stage: Stage = {
    protocol,
    http: protocol !== "grpc",
    reports,
    async backend(options) {
      const backend = await (protocol === "grpc" ? grpcBackend(options) : httpBackend(options));
      undo.push(() => backend.close());
      return backend;
    },
    subject(options) {
      const restore = setEnvironment(options.environment);
      // Some variables are read with the first export. Who shares the process can't wait for that.
      if (scenario.alone) undo.push(restore);
      try {
        const subject = kind.make(protocol, options, report);
        undo.push(() => end(subject));
        return subject;
      } finally {
        if (!scenario.alone) restore();
      }
    },
    program(deeds, environment) {
      const { start } = kind;
      if (start === undefined) throw new Instead("it has no start of its own");
      return programTurns(() => startProgram(start, deeds, environment, report));
    },
    file(name, text) {
      const folder = mkdtempSync(join(tmpdir(), "scenario-"));
      undo.push(() => rmSync(folder, { recursive: true, force: true }));
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    after: (run) => void undo.push(run),
  };
  try {
    await listener.run(report, () => within(scenario.budgetMs ?? usualBudgetMs, scenario.run(stage)));
    return { kind: "holds" };
  } catch (error) {
    return { kind: "instead", what: inFewWords(error) };
  } finally {
    await Promise.allSettled(undo.toReversed().map(async (each) => each()));
  }
}

function inFewWords(error: unknown): string {
  if (error instanceof Instead) return error.message;
  if (error instanceof NoSuchOption) return `no option: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error);
}

/** Sets variables of the process; returns what undoes it. */
function setEnvironment(variables: Readonly<Record<string, string>> = {}): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

async function within(budgetMs: number, run: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Instead(`not over after ${budgetMs / 1000} s`)), budgetMs);
  });
  // It may still fail when nobody waits for it any more.
  run.catch(() => undefined);
  try {
    await Promise.race([run, over]);
  } finally {
    clearTimeout(timer);
  }
}

async function end(subject: Subject): Promise<void> {
  await Promise.race([
    subject.shutdown(0).catch(() => undefined),
    new Promise((resolve) => setTimeout(resolve, patienceMs).unref()),
  ]);
}

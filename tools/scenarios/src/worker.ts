// A process that tries scenarios on one subject: see `work-in-process.ts`.
import { scenarios } from "./scenarios/index.ts";
import { tryOut } from "./stage.ts";
import { listenToConsole } from "./subjects/listening.ts";
import { turns } from "./turns.ts";
import { subjects } from "./subjects/index.ts";
import type { Assignment, Told } from "./work-in-process.ts";

// What the machine that we run on says about telemetry is not for the subjects.
for (const name of Object.keys(process.env)) if (name.startsWith("OTEL_")) delete process.env[name];

process.once("message", (work) => void doAll(work as Assignment));

async function doAll({ subject, protocol, wanted, atOnce }: Assignment): Promise<void> {
  const load = subjects[subject];
  if (load === undefined) throw new RangeError(`there is no subject "${subject}"`);
  const kind = await load();
  listenToConsole();
  // A process each, which has to start: more at once only take longer.
  const programTurns = turns(2);
  const alone = wanted.filter((index) => scenarios[index]?.alone);
  await inTurns(
    wanted.filter((index) => !alone.includes(index)),
    atOnce,
  );
  await inTurns(alone, 1);
  process.disconnect?.();
  // Whatever a subject left behind must not keep us.
  setTimeout(() => process.exit(), 100);

  async function inTurns(indexes: number[], most: number): Promise<void> {
    async function next(): Promise<void> {
      for (let index = indexes.shift(); index !== undefined; index = indexes.shift()) {
        const scenario = scenarios[index];
        if (scenario === undefined) throw new RangeError(`there is no scenario ${index}`);
        tell({ kind: "begun", index });
        tell({ kind: "result", index, result: await tryOut(scenario, kind, protocol, programTurns) });
      }
    }
    await Promise.all(Array.from({ length: most }, next));
  }
}

function tell(told: Told): void {
  process.send?.(told);
}

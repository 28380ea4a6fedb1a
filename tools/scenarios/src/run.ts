import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nameOf, type Result, type Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { type Protocol, protocols } from "./subject.ts";
import { workIn, type Work } from "./work-in-process.ts";

/** One result, and where it belongs. */
export interface Cell extends Column {
  readonly scenario: Scenario;
  readonly result: Result;
}

/** A subject, by its name, over one protocol. */
export interface Column {
  readonly subject: string;
  readonly protocol: Protocol;
}

/** A subject over all protocols. */
export function columnsOf(subject: string): readonly Column[] {
  return protocols.map((protocol) => ({ subject, protocol }));
}

export interface RunOptions {
  readonly columns: readonly Column[];
  /** Default: all. */
  readonly scenarios?: readonly Scenario[];
  /** Try what does not hold a third time, almost alone. Default: no. */
  readonly thorough?: boolean;
  /** Told of each cell as soon as it is known. */
  readonly onCell?: (cell: Cell) => void;
}

/** How much goes on at one time. Scenarios mostly only wait. */
interface Pace {
  readonly processes: number;
  /** In each process. */
  readonly scenarios: number;
}

/** What does not hold at the first pace is tried again at the next, since a busy machine makes late what is right. */
const paces: readonly Pace[] = [
  { processes: 4, scenarios: 24 },
  { processes: 3, scenarios: 16 },
];
/** For those who must not take a busy machine for a fault. */
const slowest: Pace = { processes: 1, scenarios: 3 };

/**
 * Tries scenarios on subjects. Each subject and protocol has a process of its own, so that a crash is a result and not
 * the end.
 */
export async function run(options: RunOptions): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  const all = options.thorough ? [...paces, slowest] : paces;
  const compileCache = mkdtempSync(join(tmpdir(), "scenarios-"));
  let work = firstWork(options);
  for (const [round, { processes, scenarios: atOnce }] of all.entries()) {
    const failed: Work[] = [];
    const last = round === all.length - 1;
    await inTurns(work, processes, (one) =>
      workIn({ ...one, atOnce, compileCache }, (index, result) => {
        if (result.kind === "instead" && !last) failed.push({ ...one, wanted: [index] });
        else note(one, index, result);
      }),
    );
    work = together(failed);
  }
  rmSync(compileCache, { recursive: true, force: true });
  return cells;

  function note({ subject, protocol }: Work, index: number, result: Result): void {
    const cell = { scenario: scenarioAt(index), subject, protocol, result };
    cells.push(cell);
    options.onCell?.(cell);
  }
}

function firstWork({ columns, scenarios: chosen = scenarios }: RunOptions): Work[] {
  const wanted = chosen.map((scenario) => scenarios.indexOf(scenario));
  return columns.map(({ subject, protocol }) => ({ subject, protocol, wanted }));
}

/** One process for each subject and protocol. */
function together(work: readonly Work[]): Work[] {
  const groups = Map.groupBy(work, ({ subject, protocol }) => `${subject} ${protocol}`);
  return [...groups.values()].map((each): Work => {
    const [{ subject, protocol }] = each as [Work];
    return { subject, protocol, wanted: each.flatMap(({ wanted }) => wanted) };
  });
}

async function inTurns(work: readonly Work[], atOnce: number, start: (work: Work) => Promise<void>): Promise<void> {
  const waiting = [...work];
  async function next(): Promise<void> {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await start(one);
  }
  await Promise.all(Array.from({ length: atOnce }, next));
}

function scenarioAt(index: number): Scenario {
  const scenario = scenarios[index];
  if (scenario === undefined) throw new RangeError(`there is no scenario ${index}`);
  return scenario;
}

/** Those with all of the words in ids or title. */
export function scenariosWith(words: readonly string[]): readonly Scenario[] {
  const lower = words.map((word) => word.toLowerCase());
  return scenarios.filter((scenario) => {
    const name = nameOf(scenario).toLowerCase();
    return lower.every((word) => name.includes(word));
  });
}

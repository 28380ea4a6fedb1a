import type { Endpoint, Registry } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { runCases } from "../index.ts";
import { registryCases, type RegistryCaseSettings, type RegistryWorld, type WorldEntry } from "./index.ts";

describe("registryCases: a registry that looks at a table again and again passes", () => {
  registryCases({ it: it.concurrent }, async () => tableWorld(), { quietMs: 100 });
});

const outage = "keeps the last list while the source cannot be reached, and catches up when it can";
const order = "tells at once whom it finds, as one list that is sorted by id and has each id once";
const quiet = "tells nothing when nothing has changed";
const clean = "leaves neither timers nor connections when it ends";
const weights = "hands on weights";

describe("registryCases", () => {
  it.each<[string, string, (table: Table) => Flaws]>([
    ["takes a failure for an empty list", outage, (table) => ({ look: () => (table.trouble ? [] : table.list()) })],
    ["sorts nothing", order, (table) => ({ look: () => table.list().toReversed() })],
    ["tells the same list again and again", quiet, () => ({ repeats: true })],
    ["leaves its timer behind", clean, () => ({ leaves: true })],
    ["loses weights", weights, (table) => ({ look: () => table.list().map((each) => ({ ...each, weight: 1 })) })],
  ])("catches a registry that %s", async (_, broken, flaws) => {
    expect(await failing(flaws, [order, quiet, clean, weights, ...(broken === outage ? [outage] : [])])).toEqual([
      broken,
    ]);
  });
});

/** What the registry looks at. */
interface Table {
  trouble: "cut" | "stalled" | "garbled" | undefined;
  list(): readonly Endpoint[];
}

/** What is wrong with a registry. */
interface Flaws {
  readonly look?: () => readonly Endpoint[];
  readonly repeats?: boolean;
  readonly leaves?: boolean;
}

/** Runs only some of the cases, and says which of them failed. */
async function failing(flaws: (table: Table) => Flaws, wanted: readonly string[]): Promise<string[]> {
  const { failed, passed } = await runCases(({ it: run }) =>
    registryCases(
      { it: (name, body) => (wanted.includes(name) ? run(name, body) : undefined) },
      async () => tableWorld(flaws),
      { quietMs: 60, patienceMs: 200 },
    ),
  );
  expect(failed.length + passed.length).toBe(wanted.length);
  return failed.map(({ name }) => name);
}

function tableWorld(flaws: (table: Table) => Flaws = () => ({})): RegistryWorld {
  const entries = new Map<string, WorldEntry>();
  const table: Table = {
    trouble: undefined,
    list: () =>
      [...entries.values()]
        .map(({ host, port, ...rest }) => ({ url: `http://${host}:${port}`, ...rest }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  };
  return {
    registry: (settings) => looking(table, settings, flaws(table)),
    put: async (entry) => void entries.set(entry.id, entry),
    remove: async (id) => void entries.delete(id),
    clear: async () => entries.clear(),
    cut: async () => void (table.trouble = "cut"),
    stall: async () => void (table.trouble = "stalled"),
    garble: async () => void (table.trouble = "garbled"),
    restore: async () => void (table.trouble = undefined),
    restart: async () => {},
    openConnections: 0,
    dispose: async () => {},
  };
}

/** Looks every few ms. */
function looking(table: Table, { setTimer, onState }: RegistryCaseSettings, flaws: Flaws): Registry {
  const { look, repeats = false, leaves = false } = flaws;
  return {
    name: "table",
    async *watch(signal) {
      let last = "";
      while (!signal.aborted) {
        if (look === undefined && table.trouble !== undefined) onState({ state: "stale" });
        else {
          const list = look?.() ?? table.list();
          onState({ state: "fresh" });
          const text = JSON.stringify(list);
          if (repeats || text !== last) yield list;
          last = text;
        }
        await new Promise<void>((resolve) => {
          if (signal.aborted) return resolve();
          const cancel = setTimer(resolve, 10);
          const end = (): void => {
            if (!leaves) cancel();
            resolve();
          };
          signal.addEventListener("abort", end, { once: true });
        });
      }
    },
  };
}

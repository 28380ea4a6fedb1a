import type { Endpoint } from "@otlpkit/core";
import { check, equal } from "../cases/check.ts";
import { type Case, type CaseOptions, register, type Runner } from "../cases/runner.ts";
import { counted, type Patience, pause, read, type Reading, type Watched, within } from "./registry/reading.ts";
import type { RegistryWorld, WorldEntry } from "./registry/world.ts";

/** Options of {@link registryCases} and `registrarCases`. */
export interface RegistryCaseOptions extends CaseOptions, Partial<Patience> {}

/**
 * Proves a {@link Registry} against a source that comes, goes, lies and dawdles: lists are whole, sorted, not repeated and
 * right in the end; the last one outlives the source; the end of a watch leaves nothing.
 *
 * ```ts no-run
 * registryCases({ it }, () => startFakeConsul());
 * ```
 */
export function registryCases(
  runner: Runner,
  start: () => Promise<RegistryWorld>,
  options: RegistryCaseOptions = {},
): void {
  const patience: Patience = { patienceMs: options.patienceMs ?? 5_000, quietMs: options.quietMs ?? 250 };
  register(runner, cases(start, patience), options);
}

interface Scene {
  readonly world: RegistryWorld;
  readonly watched: Watched;
  /** Begins one more watch; ended after the case. */
  readonly watch: () => Reading;
}

function cases(start: () => Promise<RegistryWorld>, patience: Patience): Case[] {
  const { patienceMs, quietMs } = patience;

  const onStage = (run: (scene: Scene) => Promise<void>) => async (): Promise<void> => {
    const world = await start();
    const readings: Reading[] = [];
    const watched = counted();
    const watch = (): Reading => {
      const reading = read(world.registry(watched.settings), patience);
      readings.push(reading);
      return reading;
    };
    try {
      await run({ world, watched, watch });
    } finally {
      await Promise.all(readings.map((reading) => reading.end()));
      await world.dispose();
    }
  };

  /** The case begins when the first two have been told. */
  const withTwo = (run: (scene: Scene & { readonly reading: Reading }) => Promise<void>): Case["run"] =>
    onStage(async (scene) => {
      await scene.world.put(entry(1));
      await scene.world.put(entry(2));
      const reading = scene.watch();
      await reading.until("the two that there are", are(1, 2));
      await run({ ...scene, reading });
    });

  /** Nothing new is told for a while. */
  const quiet = async (reading: Reading, when: string): Promise<void> => {
    const before = reading.lists.length;
    await pause(quietMs);
    equal(urlsOf(reading.lists.slice(before).flat()), [], `what is told ${when}`);
    equal(reading.lists.length, before, `lists told ${when}`);
  };

  const attribute = (name: string, differing: WorldEntry, holds: (endpoint: Endpoint) => boolean): Case => ({
    name,
    run: withTwo(async ({ world, reading }) => {
      await world.put(differing);
      const list = await reading.until(`one of them says so: ${name}`, (all) => all.some(holds));
      equal(list.filter(holds).length, 1, "how many say so");
      equal(urlsOf(list), [1, 2].map(urlOf), "the URLs all the same");
    }),
  });

  return [
    {
      name: "tells at once whom it finds, as one list that is sorted by id and has each id once",
      run: withTwo(async ({ reading }) => {
        const ids = (reading.lists[0] ?? []).map(({ id, url }) => id ?? url);
        equal(reading.lists.length, 1, "lists told");
        equal(ids, [...new Set(ids)].toSorted(), "ids, in order");
      }),
    },
    {
      name: "tells who comes",
      run: withTwo(async ({ world, reading }) => {
        await world.put(entry(3));
        await reading.until("the third has come", are(1, 2, 3));
      }),
    },
    {
      name: "tells who goes",
      run: withTwo(async ({ world, reading }) => {
        await world.remove(entry(1).id);
        await reading.until("the first has gone", are(2));
      }),
    },
    {
      name: "tells a new address under the same id",
      run: withTwo(async ({ world, reading }) => {
        const ids = (reading.lists[0] ?? []).map(({ id }) => id);
        await world.put({ ...entry(2), host: "127.0.0.9" });
        const list = await reading.until("the second has moved", are(1, 9));
        equal(
          list.map(({ id }) => id),
          ids,
          "ids",
        );
      }),
    },
    {
      name: "tells an empty list when the source says that there is nobody any more",
      run: withTwo(async ({ world, reading }) => {
        await world.clear();
        await reading.until("there is nobody", are());
        await world.put(entry(4));
        await reading.until("somebody has come", are(4));
      }),
    },
    {
      name: "tells an empty list when the source says so from the beginning",
      run: onStage(async ({ world, watch }) => {
        await world.clear();
        const reading = watch();
        await reading.until("there is nobody", are());
        await world.put(entry(1));
        await reading.until("somebody has come", are(1));
      }),
    },
    {
      name: "tells nothing when nothing has changed",
      run: withTwo(async ({ world, reading }) => {
        await world.put(entry(2));
        await quiet(reading, "after a change that changes nothing");
      }),
    },
    {
      name: "tells a burst of changes in few lists, of which the last is right",
      run: withTwo(async ({ world, reading }) => {
        const before = reading.lists.length;
        await Promise.all([3, 4, 5, 6, 7, 8].map((number) => world.put(entry(number))));
        await reading.until("all have come", are(1, 2, 3, 4, 5, 6, 7, 8));
        const told = reading.lists.length - before;
        check(told <= 3, `${told} lists for six changes at a time are few`);
      }),
    },
    {
      name: "keeps the last list while the source cannot be reached, and catches up when it can",
      run: withTwo(async ({ world, reading }) => {
        await world.cut();
        await quiet(reading, "while the source is cut off");
        await world.put(entry(3));
        await world.remove(entry(1).id);
        await world.restore();
        await reading.until("what has changed meanwhile", are(2, 3));
      }),
    },
    {
      name: "waits for a source that cannot be reached at first, and says nothing until it can",
      run: onStage(async ({ world, watch }) => {
        await world.put(entry(1));
        await world.cut();
        const reading = watch();
        await pause(quietMs);
        equal(reading.lists, [], "what is told before the source can be reached");
        await world.restore();
        await reading.until("whom it finds", are(1));
      }),
    },
    {
      name: "goes on after a restart of the source",
      run: withTwo(async ({ world, reading }) => {
        await world.restart();
        await world.put(entry(3));
        await reading.until("who came after the restart", are(1, 2, 3));
        for (const list of reading.lists) check(list.length >= 2, "nobody was missed in between");
      }),
    },
    {
      name: "keeps the last list through answers that make no sense",
      run: withTwo(async ({ world, reading, watched }) => {
        await world.garble();
        await world.put(entry(3));
        check(await within(patienceMs, () => watched.states.at(-1) === "stale"), "it is said that the list is stale");
        await quiet(reading, "while answers make no sense");
        await world.restore();
        await reading.until("who came meanwhile", are(1, 2, 3));
      }),
    },
    {
      name: "says nothing for a source whose answers make no sense from the beginning",
      run: onStage(async ({ world, watch }) => {
        await world.put(entry(1));
        await world.garble();
        const reading = watch();
        await pause(quietMs);
        equal(reading.lists, [], "what is told of garbage");
        await world.restore();
        await reading.until("whom it finds", are(1));
      }),
    },
    {
      name: "gives up on answers that do not come, and keeps the last list",
      run: withTwo(async ({ world, reading, watched }) => {
        await world.stall();
        await world.put(entry(3));
        check(await within(patienceMs, () => watched.states.at(-1) === "stale"), "it is said that the list is stale");
        equal(urlsOf(reading.lists.at(-1) ?? []), [1, 2].map(urlOf), "the list that stands");
        await world.restore();
        await reading.until("who came meanwhile", are(1, 2, 3));
      }),
    },
    {
      name: "says when the list is stale, and when it is fresh again",
      run: withTwo(async ({ world, reading, watched }) => {
        equal(watched.states[0], "fresh", "the first state");
        await world.cut();
        check(await within(patienceMs, () => watched.states.at(-1) === "stale"), "stale while cut off");
        await world.restore();
        check(await within(patienceMs, () => watched.states.at(-1) === "fresh"), "fresh once it is back");
        equal(reading.lists.length, 1, "lists told, since none has changed");
      }),
    },
    {
      name: "leaves neither timers nor connections when it ends",
      run: withTwo(async ({ world, reading, watched }) => {
        await reading.end();
        equal(watched.timers, 0, "timers left");
        check(await within(patienceMs, () => world.openConnections === 0), "no connection is left");
      }),
    },
    {
      name: "leaves nothing when it ends while the source is cut off",
      run: withTwo(async ({ world, reading, watched }) => {
        await world.cut();
        await pause(50);
        await reading.end();
        equal(watched.timers, 0, "timers left");
        equal(world.openConnections, 0, "connections left");
      }),
    },
    {
      name: "ends at once while it waits for an answer",
      run: onStage(async ({ world, watch, watched }) => {
        await world.stall();
        const reading = watch();
        await pause(50);
        const beganMs = performance.now();
        await reading.end();
        check(performance.now() - beganMs < 500, "the end does not wait for the answer");
        equal(watched.timers, 0, "timers left");
        check(await within(patienceMs, () => world.openConnections === 0), "no connection is left");
      }),
    },
    {
      name: "begins nothing for a signal that has been aborted before",
      run: onStage(async ({ world, watched }) => {
        for await (const list of world.registry(watched.settings).watch(AbortSignal.abort())) {
          equal(list, [], "a list for nobody");
        }
        equal(watched.timers, 0, "timers");
      }),
    },
    {
      name: "lets two watch at once, and one of them go",
      run: withTwo(async ({ world, reading, watch }) => {
        const other = watch();
        await other.until("the same for the second watch", are(1, 2));
        await reading.end();
        await world.put(entry(3));
        await other.until("who came after the first watch had ended", are(1, 2, 3));
        equal(urlsOf(reading.lists.at(-1) ?? []), [1, 2].map(urlOf), "what the first watch knows");
      }),
    },
    attribute("hands on weights", { ...entry(2), weight: 3 }, ({ weight }) => weight === 3),
    attribute("hands on zones", { ...entry(2), zone: "zone-b" }, ({ zone }) => zone === "zone-b"),
    attribute("hands on who is about to go", { ...entry(2), draining: true }, ({ draining }) => draining === true),
    attribute(
      "hands on what else is known",
      { ...entry(2), metadata: { version: "7" } },
      ({ metadata }) => metadata?.["version"] === "7",
    ),
  ];
}

function entry(number: number): WorldEntry {
  return { id: `relay-${number}`, host: `127.0.0.${number}`, port: 4317 };
}

function urlOf(number: number): string {
  return `http://127.0.0.${number}:4317`;
}

function urlsOf(list: readonly Endpoint[]): string[] {
  return list.map(({ url }) => url).toSorted();
}

function are(...numbers: number[]): (list: readonly Endpoint[]) => boolean {
  const expected = numbers.map(urlOf).toSorted().join();
  return (list) => urlsOf(list).join() === expected;
}

import type { Endpoint, Registered, Registration } from "@otlpkit/core";
import { check, equal, failsWith, later } from "../cases/check.ts";
import { type Case, register, type Runner } from "../cases/runner.ts";
import type { RegistryCaseOptions } from "./registry-cases.ts";
import { counted, type Patience, pause, read, type Reading, type Watched, within } from "./registry/reading.ts";
import type { RegistrarWorld } from "./registry/world.ts";

/**
 * Proves a {@link Registrar} through the eyes of those who look for what it registers: seen, seen again after the source
 * forgot, seen as draining, gone, and nothing left behind.
 *
 * ```ts no-run
 * registrarCases({ it }, () => startFakeConsul());
 * ```
 */
export function registrarCases(
  runner: Runner,
  start: () => Promise<RegistrarWorld>,
  options: RegistryCaseOptions = {},
): void {
  const patience: Patience = { patienceMs: options.patienceMs ?? 5_000, quietMs: options.quietMs ?? 250 };
  register(runner, cases(start, patience), options);
}

interface Scene {
  readonly world: RegistrarWorld;
  readonly watched: Watched;
  /** What others see. */
  readonly reading: Reading;
  /** Registers; taken back after the case. */
  readonly join: (registration?: Registration, signal?: AbortSignal) => Promise<Registered>;
}

const relay: Registration = {
  service: "otlp-case",
  endpoint: { id: "relay-1", url: "http://127.0.0.1:4317", weight: 2, zone: "zone-a", metadata: { version: "7" } },
};
const other: Registration = { service: "otlp-case", endpoint: { id: "relay-2", url: "http://127.0.0.2:4317" } };

function cases(start: () => Promise<RegistrarWorld>, patience: Patience): Case[] {
  const { patienceMs, quietMs } = patience;

  const onStage = (run: (scene: Scene) => Promise<void>) => async (): Promise<void> => {
    const world = await start();
    const joined: Promise<Registered>[] = [];
    const watched = counted();
    const reading = read(world.registry(counted().settings), patience);
    const join: Scene["join"] = (registration = relay, signal) => {
      const registered = world.registrar(watched.settings).register(registration, signal);
      joined.push(later(registered));
      return registered;
    };
    try {
      await run({ world, watched, reading, join });
    } finally {
      await world.restore();
      for (const result of await Promise.allSettled(joined)) {
        if (result.status === "fulfilled") await result.value.close();
      }
      await reading.end();
      await world.dispose();
    }
  };

  return [
    {
      name: "is found once it is registered, with all that it said of itself",
      run: onStage(async ({ reading, join }) => {
        await join();
        const [found] = await reading.until("it is found", are("http://127.0.0.1:4317"));
        equal(found?.weight ?? 1, 2, "its weight");
        equal(found?.zone, "zone-a", "its zone");
        equal(found?.metadata?.["version"], "7", "what else it said");
      }),
    },
    {
      name: "is found by the scheme and the path of its URL",
      run: onStage(async ({ reading, join }) => {
        const url = "https://127.0.0.3:8443/otlp/base";
        await join({ service: "otlp-case", endpoint: { id: "relay-3", url } });
        await reading.until("it is found under its URL", are(url));
      }),
    },
    {
      name: "stays for longer than a sign of life counts",
      run: onStage(async ({ reading, join }) => {
        await join();
        await reading.until("it is found", are("http://127.0.0.1:4317"));
        await pause(Math.max(1_500, quietMs * 4));
        await reading.until("it is still there", are("http://127.0.0.1:4317"));
        check(
          reading.lists.filter((list) => list.length === 0).length <= 1,
          "nobody ever missed it once it had been found",
        );
      }),
    },
    {
      name: "comes back after the source forgot it",
      run: onStage(async ({ world, reading, join }) => {
        await join();
        await reading.until("it is found", are("http://127.0.0.1:4317"));
        await world.forget();
        await reading.until("it is found again", are("http://127.0.0.1:4317"));
        await pause(quietMs);
        await reading.until("and stays", are("http://127.0.0.1:4317"));
      }),
    },
    {
      name: "stands after a restart of the source",
      run: onStage(async ({ world, reading, join }) => {
        await join();
        await reading.until("it is found", are("http://127.0.0.1:4317"));
        await world.restart();
        await pause(quietMs);
        await reading.until("it is there after the restart", are("http://127.0.0.1:4317"));
      }),
    },
    {
      name: "waits for a source that cannot be reached",
      run: onStage(async ({ world, watched, reading, join }) => {
        await world.cut();
        let done = false;
        const joining = later(join().then(() => (done = true)));
        check(
          await within(patienceMs, () => watched.states.includes("stale")),
          "it is said that it does not stand yet",
        );
        check(!done, "it does not say that it is registered before it is");
        await world.restore();
        await joining;
        await reading.until("it is found", are("http://127.0.0.1:4317"));
      }),
    },
    {
      name: "gives up when its caller does before it is registered",
      run: onStage(async ({ world, watched, join }) => {
        await world.cut();
        const over = new AbortController();
        const joining = later(failsWith(join(relay, over.signal), "cancelled", "a registration that was given up"));
        await pause(30);
        over.abort();
        await world.restore();
        await joining;
        equal(watched.timers, 0, "timers left");
      }),
    },
    {
      name: "is seen as draining, or no more, once it drains",
      run: onStage(async ({ reading, join }) => {
        const registered = await join();
        await reading.until("it is found", are("http://127.0.0.1:4317"));
        await registered.drain();
        await registered.drain();
        await reading.until("nobody sends it anything new", (list) => list.every(({ draining }) => draining === true));
      }),
    },
    {
      name: "keeps draining after the source forgot it",
      run: onStage(async ({ world, reading, join }) => {
        const registered = await join();
        await reading.until("it is found", are("http://127.0.0.1:4317"));
        await registered.drain();
        await reading.until("it drains", (list) => list.every(({ draining }) => draining === true));
        const before = reading.lists.length;
        await world.forget();
        await pause(Math.max(1_500, quietMs * 4));
        for (const list of reading.lists.slice(before)) {
          check(
            list.every(({ draining }) => draining === true),
            "it is not taken for one that stays",
          );
        }
      }),
    },
    {
      name: "is gone once it is closed, which may be done twice",
      run: onStage(async ({ world, watched, reading, join }) => {
        const [first, second] = [await join(), await join(other)];
        await reading.until("both are found", are("http://127.0.0.1:4317", "http://127.0.0.2:4317"));
        await Promise.all([first.close(), first.close()]);
        await first.close();
        await reading.until("one is left", are("http://127.0.0.2:4317"));
        await second.close();
        await reading.until("nobody is left", are());
        equal(watched.timers, 0, "timers left");
        await reading.end();
        check(await within(patienceMs, () => world.openConnections === 0), "no connection is left");
      }),
    },
    {
      name: "is there once when it is registered twice",
      run: onStage(async ({ reading, join }) => {
        await join();
        await join({ ...relay, endpoint: { ...relay.endpoint, url: "http://127.0.0.5:4317" } });
        await reading.until("it is found where it says last", are("http://127.0.0.5:4317"));
      }),
    },
    {
      name: "goes away in time while the source cannot be reached",
      run: onStage(async ({ world, watched, join }) => {
        const registered = await join();
        await world.cut();
        const closed = registered.close().then(() => true);
        check(await Promise.race([closed, pause(patienceMs + 6_000).then(() => false)]), "close ends in time");
        equal(watched.timers, 0, "timers left");
      }),
    },
  ];
}

function are(...urls: string[]): (list: readonly Endpoint[]) => boolean {
  const expected = urls.toSorted().join();
  return (list) =>
    list
      .map(({ url }) => url)
      .toSorted()
      .join() === expected;
}

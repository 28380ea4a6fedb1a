import type { Time } from "../time.ts";
import type { Applications, Instance } from "./applications.ts";

/** What is known of a whole registry: of all applications, since the hash is over all. */
export interface Known {
  /** All there are, in place of what was known. */
  replace(all: Applications): void;
  /** What has changed. False when that does not lead to what the server has: all must be read again. */
  apply(delta: Applications): boolean;
  /** Instances of one application. */
  of(app: string): readonly Instance[];
  /** In how many ms an instance is given up that is missing; `undefined` when there is none. */
  readonly nextLossMs: number | undefined;
}

interface Entry {
  readonly app: string;
  readonly instance: Instance;
}

/**
 * Changes come more than once, since what they are taken from is a window of some minutes; so they are applied by id, and
 * what has come before changes nothing.
 *
 * An instance that is missing from a whole list, without ever having been reported as deleted, is given up only after
 * `graceMs`: a server that was started anew knows just those who have registered again since.
 */
export function known(graceMs: number, time: Time): Known {
  let entries = new Map<string, Entry>();
  const missing = new Map<string, { readonly entry: Entry; readonly untilMs: number }>();

  const keyOf = (app: string, id: string): string => `${app}/${id}`;
  function giveUp(): void {
    for (const [key, { untilMs }] of missing) if (untilMs <= time.now()) missing.delete(key);
  }
  return {
    replace({ instances }) {
      const before = entries;
      entries = new Map(instances.map(({ app, id, instance }) => [keyOf(app, id), { app, instance }]));
      for (const [key, entry] of before) {
        if (!entries.has(key)) missing.set(key, { entry, untilMs: time.now() + graceMs });
      }
      for (const key of entries.keys()) missing.delete(key);
    },
    apply({ instances, hash }) {
      for (const { app, id, instance } of instances) {
        const key = keyOf(app, id);
        missing.delete(key);
        if (instance.actionType === "DELETED") entries.delete(key);
        else entries.set(key, { app, instance });
      }
      return hash === hashOf([...entries.values()].map(({ instance }) => instance));
    },
    of(app) {
      giveUp();
      const all = [...entries.values(), ...[...missing.values()].map(({ entry }) => entry)];
      return all.filter((entry) => entry.app === app).map(({ instance }) => instance);
    },
    get nextLossMs() {
      const times = [...missing.values()].map(({ untilMs }) => untilMs - time.now());
      return times.length === 0 ? undefined : Math.max(0, Math.min(...times));
    },
  };
}

/** `STATUS_count_` for each status, sorted by its name. */
function hashOf(instances: readonly Instance[]): string {
  const counts = new Map<string, number>();
  for (const { status = "UP" } of instances) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([status, count]) => `${status}_${count}_`)
    .join("");
}

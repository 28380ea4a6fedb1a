/**
 * What a part is doing:
 *
 * | state | meaning | does the whole take data? |
 * |---|---|---|
 * | `starting` | not there yet | no |
 * | `ready` | all is well | yes |
 * | `degraded` | it works, and someone should look: a destination that cannot be reached while its queue keeps the data | yes |
 * | `failed` | it does not work and will not by itself | no |
 * | `stopping` | it is about to go | no |
 */
export type HealthState = "starting" | "ready" | "degraded" | "failed" | "stopping";

/** How a part reports. */
export interface HealthReporter {
  /** The reason is for people: what is wrong and since when, no secret. Saying the same again changes nothing. */
  set(state: HealthState, reason?: string): void;
  /** The part is no more; it is left out of reports from now on. */
  remove(): void;
}

/** What is known about one part. */
export interface ComponentHealth {
  readonly state: HealthState;
  /** Why, where there is something to say. */
  readonly reason?: string;
  /** Since when it has been in this state, ISO 8601. */
  readonly since: string;
}

/** What is known about the whole. */
export interface HealthReport {
  /** The worst of the parts: stopping before failed before starting before degraded before ready. Without parts: starting. */
  readonly state: HealthState;
  readonly components: Readonly<Record<string, ComponentHealth>>;
}

/** Collects the state of the parts of a program. */
export interface Health {
  /** A reporter for the part `name`, which is "starting" until it says otherwise. */
  component(name: string): HealthReporter;
  report(): HealthReport;
  /**
   * Whether a service takes work, as `grpc.health.v1` asks: "" is the whole, any other name a part. `undefined` when
   * there is no such part.
   */
  serving(service: string): boolean | undefined;
  /** Calls `changed` after each change of a state, until the function that it gives back is called. */
  onChange(changed: () => void): () => void;
}

const worstFirst: readonly HealthState[] = ["stopping", "failed", "starting", "degraded", "ready"];

/** Whether who asks may send: all is well, or well enough. */
export function takesWork(state: HealthState): boolean {
  return state === "ready" || state === "degraded";
}

/** Makes a collection without parts. `now` is the wall clock in ms. */
export function health(now: () => number = Date.now): Health {
  const components = new Map<string, ComponentHealth>();
  const listeners = new Set<() => void>();

  function put(name: string, state: HealthState, reason?: string): void {
    const before = components.get(name);
    if (before?.state === state && before.reason === reason) return;
    const since = before?.state === state ? before.since : new Date(now()).toISOString();
    components.set(name, { state, ...(reason === undefined ? {} : { reason }), since });
    if (before?.state !== state) for (const changed of listeners) changed();
  }

  function whole(): HealthState {
    const states = new Set([...components.values()].map(({ state }) => state));
    return worstFirst.find((candidate) => states.has(candidate)) ?? "starting";
  }

  return {
    component(name) {
      put(name, "starting");
      return {
        set: (state, reason) => put(name, state, reason),
        remove() {
          if (!components.delete(name)) return;
          for (const changed of listeners) changed();
        },
      };
    },
    report: () => ({ state: whole(), components: Object.fromEntries(components) }),
    serving(service) {
      if (service === "") return takesWork(whole());
      const part = components.get(service);
      return part === undefined ? undefined : takesWork(part.state);
    },
    onChange(changed) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
  };
}

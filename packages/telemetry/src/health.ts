/** What a part is doing. "failed" is for a part that does not work and that others can do without. */
export type HealthState = "starting" | "ready" | "stopping" | "failed";

/** How a part reports. */
export interface HealthReporter {
  set(state: HealthState, reason?: string): void;
}

/** What is known about the whole. */
export interface HealthReport {
  /** The worst of the parts: stopping before failed before starting before ready. Without parts: starting. */
  readonly state: HealthState;
  readonly components: Readonly<Record<string, { readonly state: HealthState; readonly reason?: string }>>;
}

/** Collects the state of the parts of a program. */
export interface Health {
  /** A reporter for the part `name`, which is "starting" until it says otherwise. */
  component(name: string): HealthReporter;
  report(): HealthReport;
}

const worstFirst: readonly HealthState[] = ["stopping", "failed", "starting", "ready"];

/** Makes a collection without parts. */
export function health(): Health {
  const components = new Map<string, { state: HealthState; reason?: string }>();
  return {
    component(name) {
      components.set(name, { state: "starting" });
      return {
        set: (state, reason) => void components.set(name, reason === undefined ? { state } : { state, reason }),
      };
    },
    report() {
      const states = new Set([...components.values()].map(({ state }) => state));
      const state = worstFirst.find((candidate) => states.has(candidate)) ?? "starting";
      return { state, components: Object.fromEntries(components) };
    },
  };
}

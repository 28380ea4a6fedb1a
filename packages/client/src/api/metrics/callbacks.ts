import type {
  BatchObservableCallback,
  BatchObservableResult,
  Observable,
  ObservableCallback,
  ObservableResult,
} from "@opentelemetry/api";
import type { Measure } from "./measure.ts";

/** The callbacks of observable instruments. */
export interface Callbacks {
  /** Makes an instrument whose callbacks' observations go to `measure`. */
  readonly observable: (name: string, measure: Measure) => Observable;
  readonly addBatch: (callback: BatchObservableCallback, observables: readonly Observable[]) => void;
  readonly removeBatch: (callback: BatchObservableCallback, observables: readonly Observable[]) => void;
  /**
   * Calls them all, and waits for those that take their time; what one says later than `timeoutMs` does not count. Never
   * rejects: one that fails harms no other.
   */
  readonly observe: (timeoutMs: number) => Promise<void>;
}

export interface CallbackOptions {
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
  readonly warn: (warning: string) => void;
}

/** A callback for certain instruments. */
interface Registration {
  readonly callback: BatchObservableCallback | ObservableCallback;
  readonly observables: ReadonlySet<Observable>;
  /** Calls it; what it observes goes to the instruments as long as `isOpen`. */
  readonly call: (isOpen: () => boolean) => void | Promise<void>;
  /** It has been called and has not come to an end. */
  running: boolean;
  /** Whether something has been said against it, which is said once. */
  blamed: boolean;
}

export function callbacks({ setTimer, warn }: CallbackOptions): Callbacks {
  const instruments = new Map<Observable, { readonly name: string; readonly measure: Measure }>();
  const single: Registration[] = [];
  const batch: Registration[] = [];

  function observable(name: string, measure: Measure): Observable {
    const made: Observable = {
      addCallback(callback) {
        add(single, callback, [made], (isOpen) => {
          const result: ObservableResult = {
            observe: (value, attributes) => void (isOpen() && measure(value, attributes)),
          };
          return callback(result);
        });
      },
      removeCallback: (callback) => remove(single, callback, [made]),
    };
    instruments.set(made, { name, measure });
    return made;
  }

  function addBatch(callback: BatchObservableCallback, observables: readonly Observable[]): void {
    const known = observables.filter((each) => instruments.has(each));
    if (known.length === 0) return warn("a batch callback is for no instrument of its meter; it is ignored");
    add(batch, callback, known, (isOpen) => {
      const result: BatchObservableResult = {
        observe: (observable, value, attributes) =>
          void (isOpen() && known.includes(observable) && instruments.get(observable)?.measure(value, attributes)),
      };
      return callback(result);
    });
  }

  function blame(registration: Registration, why: string): void {
    if (registration.blamed) return;
    registration.blamed = true;
    const names = Array.from(registration.observables, (each) => `"${instruments.get(each)?.name}"`);
    warn(`a callback of ${names.join(", ")} ${why}`);
  }

  async function run(registration: Registration, timeoutMs: number): Promise<void> {
    if (registration.running) return blame(registration, "is still running, so it is not called again meanwhile");
    let open = true;
    try {
      const outcome = registration.call(() => open);
      if (outcome === undefined) return;
      registration.running = true;
      const end = Promise.resolve(outcome).finally(() => (registration.running = false));
      if (!(await inTime(end, timeoutMs)))
        blame(registration, `took more than ${timeoutMs} ms; what it says later is ignored`);
    } catch (error) {
      blame(registration, `failed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      open = false;
    }
  }

  function inTime(end: Promise<unknown>, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const cancel = setTimer(() => resolve(false), timeoutMs);
      end.then(() => resolve(true), reject).finally(cancel);
    });
  }

  return {
    observable,
    addBatch,
    removeBatch: (callback, observables) =>
      remove(
        batch,
        callback,
        observables.filter((each) => instruments.has(each)),
      ),
    observe: async (timeoutMs) => void (await Promise.all([...single, ...batch].map((each) => run(each, timeoutMs)))),
  };
}

function add(
  registrations: Registration[],
  callback: Registration["callback"],
  observables: readonly Observable[],
  call: Registration["call"],
): void {
  if (indexOf(registrations, callback, observables) >= 0) return;
  registrations.push({ callback, observables: new Set(observables), call, running: false, blamed: false });
}

function remove(
  registrations: Registration[],
  callback: Registration["callback"],
  observables: readonly Observable[],
): void {
  const index = indexOf(registrations, callback, observables);
  if (index >= 0) registrations.splice(index, 1);
}

/** A callback is known by itself and the instruments that it is for, in whatever order. */
function indexOf(
  registrations: readonly Registration[],
  callback: Registration["callback"],
  observables: readonly Observable[],
): number {
  const wanted = new Set(observables);
  return registrations.findIndex(
    (each) =>
      each.callback === callback &&
      each.observables.size === wanted.size &&
      [...wanted].every((observable) => each.observables.has(observable)),
  );
}

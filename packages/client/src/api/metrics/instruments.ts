import { type Instrument, isInstrumentName, isSameMetric, nameOfKind } from "./instrument.ts";
import { type Metric, metric, type MetricSettings } from "./metric.ts";
import type { Measure } from "./measure.ts";

/** The instruments of a meter. */
export interface Instruments {
  /**
   * What the program is given for an instrument: made by `handleOf` when it is asked for the first time, and the same
   * whenever it is asked for again.
   */
  get<Handle>(instrument: Instrument, handleOf: (measure: Measure) => Handle): Handle;
  /** In the order in which they were made. */
  readonly metrics: readonly Metric[];
}

interface Known {
  readonly instrument: Instrument;
  readonly handle: unknown;
}

/**
 * Knows instruments by their names, in which case does not count. Two that differ in kind, unit or valueType are two
 * metrics of one name, which few backends can tell apart: that is warned of.
 */
export function instruments(settings: MetricSettings): Instruments {
  const { warn } = settings;
  const byName = new Map<string, Known[]>();
  const metrics: Metric[] = [];

  function add<Handle>(instrument: Instrument, namesakes: Known[], handleOf: (measure: Measure) => Handle): Handle {
    const made = metric(instrument, settings);
    const handle = handleOf(made.measure);
    metrics.push(made);
    namesakes.push({ instrument, handle });
    return handle;
  }

  return {
    get<Handle>(wanted: Instrument, handleOf: (measure: Measure) => Handle): Handle {
      const { name } = wanted;
      if (!isInstrumentName(name)) {
        warn(`"${name}" is no name for an instrument, and backends may refuse it; ${rule}`);
      }
      const key = name.toLowerCase();
      const namesakes = byName.get(key) ?? [];
      byName.set(key, namesakes);
      const [first] = namesakes;
      if (first === undefined) return add(wanted, namesakes, handleOf);
      if (first.instrument.name !== name) {
        warn(`the instrument "${name}" is called "${first.instrument.name}", as it was when it was made`);
      }
      const same = namesakes.find((each) => isSameMetric(each.instrument, wanted));
      if (same !== undefined) {
        adapt(same.instrument, wanted, warn);
        return same.handle as Handle;
      }
      warn(
        `there are two instruments "${first.instrument.name}", a ${factsOf(first.instrument)} and a ${factsOf(wanted)}; ` +
          "call one of them something else",
      );
      return add({ ...wanted, name: first.instrument.name }, namesakes, handleOf);
    },
    metrics,
  };
}

const rule = 'begin with a letter and go on with letters, digits and "_", ".", "-", "/", 255 at most';

/** Takes over what is new in an instrument that is asked for again. */
function adapt(known: Instrument, again: Instrument, warn: (warning: string) => void): void {
  if (again.description !== known.description) {
    if (again.description.length > known.description.length) known.description = again.description;
    warn(`the instrument "${known.name}" is described in two ways; the longer description is used`);
  }
  if (again.boundaries !== undefined && String(again.boundaries) !== String(known.boundaries)) {
    warn(`the histogram "${known.name}" is given boundaries again; those are used that it was made with`);
  }
}

function factsOf({ kind, unit, valueType }: Instrument): string {
  return `${nameOfKind(kind)} of ${valueType === 0 ? "INT" : "DOUBLE"} in "${unit}"`;
}

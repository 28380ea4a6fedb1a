/** Names and values that tell the series of one metric apart: `{ receiver: "otlp" }`. */
export type Labels = Readonly<Record<string, string>>;

/** Something that only grows. */
export interface Counter {
  /** The series with these labels, made at the first call. Keep it: adding to it costs nothing then. */
  with(labels: Labels): { add(amount: number): void };
  /** Adds to the series without labels. */
  add(amount: number): void;
}

/** Something that goes up and down. */
export interface Gauge {
  with(labels: Labels): { set(value: number): void; add(amount: number): void };
  /** Sets the series without labels. */
  set(value: number): void;
}

/** How values are distributed, by upper bounds. */
export interface Histogram {
  with(labels: Labels): { observe(value: number): void };
}

/** One line of the exposition: a suffix to the name of its family, labels, value. */
export interface Sample {
  readonly suffix: "" | "_bucket" | "_sum" | "_count";
  readonly labels: Labels;
  readonly value: number;
}

/** A metric with all its series. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
}

/** The metrics of one process, or of one relay in a test: there is no global. */
export interface Metrics {
  /** Asking twice for a name gives the same metric. Throws `TypeError` when it was of another type. */
  counter(name: string, help: string): Counter;
  gauge(name: string, help: string): Gauge;
  /** `bounds` are upper bounds, growing; +Inf is added. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** Called before each reading, for values that are asked for rather than reported. */
  beforeRead(update: () => void): void;
  /** All there is at the moment, by name. */
  read(): readonly MetricFamily[];
  /** The sum of a counter's or gauge's series whose labels include `labels`; 0 for a name nobody reported. */
  sum(name: string, labels?: Labels): number;
}

interface Series {
  readonly labels: Labels;
  value: number;
  /** Of a histogram: how many fell into each bucket, not cumulated; the last is +Inf. */
  readonly buckets: number[];
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: MetricFamily["type"];
  readonly bounds: readonly number[];
  readonly series: Map<string, Series>;
}

/** Makes an empty set of metrics. */
export function metrics(): Metrics {
  const families = new Map<string, Family>();
  const updates: (() => void)[] = [];

  function family(name: string, help: string, type: Family["type"], bounds: readonly number[] = []): Family {
    const there = families.get(name);
    if (there !== undefined && there.type !== type) throw new TypeError(`${name} is already a ${there.type}`);
    if (there !== undefined) return there;
    if (!/^[a-z_:][a-z0-9_:]*$/iu.test(name)) throw new TypeError(`"${name}" is no name of a metric`);
    const made: Family = { name, help, type, bounds, series: new Map() };
    families.set(name, made);
    return made;
  }

  return {
    counter(name, help) {
      const { series } = family(name, help, "counter");
      const at = (labels: Labels): { add(amount: number): void } => {
        const one = seriesOf(series, labels);
        return { add: (amount) => void (one.value += amount) };
      };
      return { with: at, add: (amount) => at({}).add(amount) };
    },
    gauge(name, help) {
      const { series } = family(name, help, "gauge");
      const at = (labels: Labels): { set(value: number): void; add(amount: number): void } => {
        const one = seriesOf(series, labels);
        return { set: (value) => void (one.value = value), add: (amount) => void (one.value += amount) };
      };
      return { with: at, set: (value) => at({}).set(value) };
    },
    histogram(name, help, bounds) {
      const { series } = family(name, help, "histogram", bounds);
      return {
        with(labels) {
          const one = seriesOf(series, labels, bounds.length + 1);
          return {
            observe(value) {
              one.value += value;
              const bucket = bounds.findIndex((bound) => value <= bound);
              one.buckets[bucket < 0 ? bounds.length : bucket]! += 1;
            },
          };
        },
      };
    },
    beforeRead: (update) => void updates.push(update),
    read() {
      for (const update of updates) update();
      return [...families.values()]
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, help, type, bounds, series }) => {
          const all = [...series.values()];
          return { name, help, type, samples: all.flatMap((one) => samplesOf(one, type, bounds)) };
        });
    },
    sum(name, labels = {}) {
      let total = 0;
      for (const one of families.get(name)?.series.values() ?? []) {
        if (Object.entries(labels).every(([key, value]) => one.labels[key] === value)) total += one.value;
      }
      return total;
    },
  };
}

function seriesOf(all: Map<string, Series>, labels: Labels, buckets = 0): Series {
  const sorted = Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const key = JSON.stringify(sorted);
  let one = all.get(key);
  if (one === undefined) {
    one = { labels: sorted, value: 0, buckets: Array.from({ length: buckets }, () => 0) };
    all.set(key, one);
  }
  return one;
}

function samplesOf(one: Series, type: Family["type"], bounds: readonly number[]): Sample[] {
  if (type !== "histogram") return [{ suffix: "", labels: one.labels, value: one.value }];
  let count = 0;
  const buckets: Sample[] = one.buckets.map((inside, index) => {
    count += inside;
    const le = index < bounds.length ? String(bounds[index]) : "+Inf";
    return { suffix: "_bucket", labels: { ...one.labels, le }, value: count };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels: one.labels, value: one.value },
    { suffix: "_count", labels: one.labels, value: count },
  ];
}

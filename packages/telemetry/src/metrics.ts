/** Names and values that tell the series of one metric apart: `{ receiver: "otlp" }`. */
export type Labels = Readonly<Record<string, string>>;

/** Something that only grows. */
export interface Counter {
  /** The series with these labels, made at the first call. Keep it: adding to it costs nothing then. */
  with(labels: Labels): CounterSeries;
  /** Adds to the series without labels. */
  add(amount: number): void;
}

/** One series of a counter. */
export interface CounterSeries {
  add(amount: number): void;
  /** Sets what is counted elsewhere, such as CPU time by the system. */
  total(value: number): void;
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
  /** Of a bucket: its upper bound, which is written as the label `le`. */
  readonly bound?: number;
}

/** A metric with all its series. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** What its values are in: "seconds", "bytes", "ratio", or what is counted ("spans"). */
  readonly unit: string;
  readonly samples: readonly Sample[];
}

/** The metrics of one process, or of one relay in a test: there is no global. */
export interface Metrics {
  /**
   * Asking twice for a name gives the same metric. `unit` is by default what the name ends in: `_bytes`, `_spans`.
   *
   * @throws TypeError when it was of another type, or the name is none
   */
  counter(name: string, help: string, unit?: string): Counter;
  gauge(name: string, help: string, unit?: string): Gauge;
  /** `bounds` are upper bounds, growing; +Inf is added. */
  histogram(name: string, help: string, bounds: readonly number[], unit?: string): Histogram;
  /** Called before each reading, for values that are asked for rather than reported. */
  beforeRead(update: () => void): void;
  /** Takes away every series whose labels include these: what they told of is no more. */
  forget(labels: Labels): void;
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
  readonly unit: string;
  readonly bounds: readonly number[];
  readonly series: Map<string, Series>;
}

export interface MetricsOptions {
  /**
   * Series of one metric at most, so that labels that come from outside cannot fill the memory; what comes later is added
   * up in a series `{overflow="true"}`. Default 2,000.
   */
  readonly maxSeries?: number;
}

/** Makes an empty set of metrics. */
export function metrics({ maxSeries = 2_000 }: MetricsOptions = {}): Metrics {
  const families = new Map<string, Family>();
  const updates: (() => void)[] = [];

  function family(
    name: string,
    help: string,
    type: Family["type"],
    unit = unitOf(name),
    bounds: readonly number[] = [],
  ): Family {
    const there = families.get(name);
    if (there !== undefined && there.type !== type) throw new TypeError(`${name} is already a ${there.type}`);
    if (there !== undefined) return there;
    if (!/^[a-z_:][a-z0-9_:]*$/iu.test(name)) throw new TypeError(`"${name}" is no name of a metric`);
    const made: Family = { name, help, type, unit, bounds, series: new Map() };
    families.set(name, made);
    return made;
  }

  return {
    counter(name, help, unit) {
      const { series } = family(name, help, "counter", unit);
      const at = (labels: Labels): CounterSeries => {
        const one = seriesOf(series, labels, maxSeries);
        return { add: (amount) => void (one.value += amount), total: (value) => void (one.value = value) };
      };
      return { with: at, add: (amount) => at({}).add(amount) };
    },
    gauge(name, help, unit) {
      const { series } = family(name, help, "gauge", unit);
      const at = (labels: Labels): { set(value: number): void; add(amount: number): void } => {
        const one = seriesOf(series, labels, maxSeries);
        return { set: (value) => void (one.value = value), add: (amount) => void (one.value += amount) };
      };
      return { with: at, set: (value) => at({}).set(value) };
    },
    histogram(name, help, bounds, unit) {
      const { series } = family(name, help, "histogram", unit, bounds);
      return {
        with(labels) {
          const one = seriesOf(series, labels, maxSeries, bounds.length + 1);
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
    forget(labels) {
      for (const { series } of families.values()) {
        for (const [key, one] of series) if (includes(one.labels, labels)) series.delete(key);
      }
    },
    read() {
      for (const update of updates) update();
      return [...families.values()]
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, help, type, unit, bounds, series }) => {
          const all = [...series.values()];
          return { name, help, type, unit, samples: all.flatMap((one) => samplesOf(one, type, bounds)) };
        });
    },
    sum(name, labels = {}) {
      let total = 0;
      for (const one of families.get(name)?.series.values() ?? []) if (includes(one.labels, labels)) total += one.value;
      return total;
    },
  };
}

function includes(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** What a name ends in is its unit, as Prometheus advises: `_bytes`, `_seconds`, `_spans`. */
function unitOf(name: string): string {
  return /[^_]+$/u.exec(name)?.[0] ?? "";
}

const overflow: Labels = { overflow: "true" };
const maxValueLength = 200;

function seriesOf(all: Map<string, Series>, labels: Labels, maxSeries: number, buckets = 0): Series {
  const sorted = settled(labels);
  const key = JSON.stringify(sorted);
  let one = all.get(key);
  if (one === undefined) {
    if (all.size >= maxSeries && labels !== overflow) return seriesOf(all, overflow, maxSeries, buckets);
    one = { labels: sorted, value: 0, buckets: Array.from({ length: buckets }, () => 0) };
    all.set(key, one);
  }
  return one;
}

/** Sorted, without what is empty, which is the same as absent; texts that can be written, none of them long. */
function settled(labels: Labels): Labels {
  const pairs = Object.entries(labels).filter(([, value]) => value !== "");
  for (const [name] of pairs) {
    if (!/^(?!__)[a-z_][a-z0-9_]*$/iu.test(name)) throw new TypeError(`"${name}" is no name of a label`);
  }
  const written = pairs.map(([name, value]): [string, string] => [
    name,
    value.slice(0, maxValueLength).replaceAll(/\p{Surrogate}/gu, "\uFFFD"),
  ]);
  return Object.fromEntries(written.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function samplesOf(one: Series, type: Family["type"], bounds: readonly number[]): Sample[] {
  if (type !== "histogram") return [{ suffix: "", labels: one.labels, value: one.value }];
  let count = 0;
  const buckets: Sample[] = one.buckets.map((inside, index) => {
    count += inside;
    return { suffix: "_bucket", labels: one.labels, bound: bounds[index] ?? Infinity, value: count };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels: one.labels, value: one.value },
    { suffix: "_count", labels: one.labels, value: count },
  ];
}

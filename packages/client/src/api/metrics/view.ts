/** What is done differently for the instruments of one name. */
export interface MetricView {
  /** Keep only these attributes apart; the measurements of all others are put together. Default: all. */
  readonly attributes?: readonly string[];
  /** The boundaries of a histogram. Default: those that whoever made the instrument advises, else the specification's. */
  readonly boundaries?: readonly number[];
  /** Measure nothing. Default false. */
  readonly drop?: boolean;
}

/** Views by the name of the instrument; "*" is for those that have none. */
export type MetricViews = Readonly<Record<string, MetricView>>;

/** The view of an instrument. Names differ in more than case. */
export function viewOf(views: MetricViews, name: string): MetricView {
  const own = Object.keys(views).find((each) => each.toLowerCase() === name.toLowerCase());
  return views[own ?? "*"] ?? {};
}

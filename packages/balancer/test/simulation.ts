import { type Balancer, type Batch, ExportError, type Transport } from "@otlpkit/core";
import { filterItems, splitByKey, traceIdKey } from "@otlpkit/otlp";
import { ledger, type LedgerReport, seeded } from "@otlpkit/testkit";
import { type HealthCheck, route, type RouteEvent, type RouteOptions } from "../src/index.ts";
import { eventClock } from "./event-clock.ts";
import { fakeRegistry } from "./fake-registry.ts";
import { type BackendPlan, type SimulatedBackend, simulatedBackend } from "./simulated-backend.ts";

/** Load over some backends, and what happens to them. */
export interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly backends: readonly BackendPlan[];
  readonly durationMs: number;
  readonly requestsPerSecond: number;
  /** Who is registered from when on. Default: all, always. */
  readonly lists?: readonly { readonly atMs: number; readonly ids: readonly string[] }[];
  /** Asks backends how they are, so often. Default: nobody is asked. */
  readonly checkEveryMs?: number;
  readonly options?: RouteOptions;
}

/** How it went. */
export interface Result {
  readonly balancer: string;
  readonly report: LedgerReport;
  /** From the first try to the answer, ms. */
  readonly p50: number;
  readonly p99: number;
  /** Attempts that failed. */
  readonly failures: number;
  /** Spans that each backend answered with success. */
  readonly spans: ReadonlyMap<string, number>;
  /** How long after a backend went down it was left out, and after it came back it was of use; ms, by id. */
  readonly ejectMs: ReadonlyMap<string, number>;
  readonly restoreMs: ReadonlyMap<string, number>;
  /** The part of traces that lie on one backend. */
  readonly wholeTraces: number;
}

const spansOfRequest = 8;
const requestsOfTrace = 4;
const patienceMs = 300_000;

/** Runs load through a real route to simulated backends, on a clock of its own. The same seed gives the same run. */
export async function simulate(scenario: Scenario, make: (random: () => number) => Balancer): Promise<Result> {
  const { seed, backends, durationMs, requestsPerSecond, lists } = scenario;
  const clock = eventClock();
  const data = seeded(seed);
  const random = (): number => data.random();
  const books = ledger();
  const places = new Map<string, Set<string>>();
  const far = new Map(
    backends.map((plan) => {
      const received = (batch: Batch): void => {
        books.received(batch);
        for (const trace of splitByKey(batch, traceIdKey).keys()) {
          places.set(trace, (places.get(trace) ?? new Set()).add(plan.id));
        }
      };
      return [plan.id, simulatedBackend(plan, clock, random, received)] as const;
    }),
  );
  const transport: Transport = {
    name: "simulated",
    connect(endpoint) {
      const backend = far.get(endpoint.id ?? "");
      if (backend === undefined) throw new ExportError("unsupported", `no backend ${endpoint.id}`);
      return { send: (batch, options) => backend.send(batch, options), close: async () => {} };
    },
  };
  const listed = (ids: readonly string[]) =>
    backends
      .filter(({ id }) => ids.includes(id))
      .map(({ id, weight = 1 }) => ({ id, url: `http://${id}:4317`, weight }));
  const registry = fakeRegistry(...listed(lists?.[0]?.ids ?? backends.map(({ id }) => id)));
  for (const { atMs, ids } of lists?.slice(1) ?? []) clock.setTimer(() => registry.say(...listed(ids)), atMs);

  const check: HealthCheck = {
    name: "simulated",
    async check({ id = "" }) {
      if (far.get(id)?.plan.isUp?.(clock.now()) === false) throw new Error(`${id} is down`);
    },
  };
  const events: { readonly atMs: number; readonly event: RouteEvent }[] = [];
  const balancer = make(random);
  const sender = route(registry, balancer, {
    now: () => clock.now(),
    setTimer: (run, delayMs) => clock.setTimer(run, delayMs),
    random,
    onEvent: (event) => void events.push({ atMs: clock.now(), event }),
    ...(scenario.checkEveryMs !== undefined && { healthCheck: { check, intervalMs: scenario.checkEveryMs } }),
    ...scenario.options,
  })(transport);

  const tookMs: number[] = [];
  async function deliver(batch: Batch): Promise<void> {
    books.sent(batch);
    const startedMs = clock.now();
    const deadline = startedMs + patienceMs;
    for (;;) {
      try {
        books.acknowledged(batch, await sender.send(batch, { deadline }));
        tookMs.push(clock.now() - startedMs);
        return;
      } catch (error) {
        if (!ExportError.is(error) || !error.retryable) throw error;
        await new Promise<void>((resolve) => clock.setTimer(resolve, 200 * (0.5 + random())));
      }
    }
  }

  // Traces come in groups, each trace in several requests within a second.
  const sends: Promise<void>[] = [];
  const groupMs = (1_000 / requestsPerSecond) * requestsOfTrace;
  for (let atMs = 0; atMs < durationMs; atMs += groupMs) {
    const spans = data.traces({ items: spansOfRequest * requestsOfTrace, resources: 1, scopes: 1 });
    for (let part = 0; part < requestsOfTrace; part++) {
      const batch = filterItems(spans, ({ position }) => position % requestsOfTrace === part);
      if (batch !== undefined) clock.setTimer(() => sends.push(deliver(batch)), atMs + random() * 1_000);
    }
  }

  await clock.runUntil(durationMs + patienceMs);
  await Promise.all(sends);
  await sender.close();

  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0;
  return {
    balancer: balancer.name,
    report: books.report(),
    p50: at(0.5),
    p99: at(0.99),
    failures: events.filter(({ event }) => event.kind === "failed").length,
    spans: new Map([...far].map(([id, backend]) => [id, backend.spans])),
    ...reactions([...far.values()], events, durationMs),
    wholeTraces: [...places.values()].filter(({ size }) => size === 1).length / places.size,
  };
}

/** How long after the first fall of a backend it was left out, and after it came back for the first time it was of use. */
function reactions(
  backends: readonly SimulatedBackend[],
  events: readonly { readonly atMs: number; readonly event: RouteEvent }[],
  durationMs: number,
): Pick<Result, "ejectMs" | "restoreMs"> {
  const ejectMs = new Map<string, number>();
  const restoreMs = new Map<string, number>();
  for (const { plan, answeredAtMs } of backends) {
    const { id, isUp } = plan;
    if (isUp === undefined) continue;
    const changeAt = (from: number, up: boolean): number => {
      for (let ms = from; ms < durationMs; ms += 10) if (isUp(ms) === up) return ms;
      return Infinity;
    };
    const downAt = changeAt(0, false);
    const upAt = changeAt(downAt, true);
    const out = events.find(
      ({ atMs, event }) =>
        atMs >= downAt &&
        (event.kind === "ejected" || (event.kind === "breaker" && event.state === "open")) &&
        event.endpoint === id,
    );
    const back = answeredAtMs.find((atMs) => atMs >= upAt);
    if (out !== undefined) ejectMs.set(id, out.atMs - downAt);
    if (back !== undefined) restoreMs.set(id, back - upAt);
  }
  return { ejectMs, restoreMs };
}

/** By how much shares differ from the weights: the largest difference, as a part of the share. */
export function shareError(result: Result, weights: Readonly<Record<string, number>>): number {
  const ids = Object.keys(weights);
  const all = ids.reduce((sum, id) => sum + (result.spans.get(id) ?? 0), 0);
  const total = ids.reduce((sum, id) => sum + (weights[id] as number), 0);
  return Math.max(
    ...ids.map((id) => Math.abs((result.spans.get(id) ?? 0) / ((all * (weights[id] as number)) / total) - 1)),
  );
}

/** The part of all answered spans that went to one backend. */
export function shareOf({ spans }: Result, id: string): number {
  return (spans.get(id) ?? 0) / [...spans.values()].reduce((sum, count) => sum + count, 0);
}

/** A table for people. */
export function table(
  name: string,
  results: readonly Result[],
  more: Readonly<Record<string, (result: Result) => string>> = {},
): string {
  const columns: Readonly<Record<string, (result: Result) => string>> = {
    balancer: ({ balancer }) => balancer,
    p50: ({ p50 }) => `${p50.toFixed(0)} ms`,
    p99: ({ p99 }) => `${p99.toFixed(0)} ms`,
    "failed attempts": ({ failures }) => String(failures),
    "acked and lost": ({ report }) => String(report.missing.length),
    repeated: ({ report }) => `${((report.duplicate.length / report.received) * 100).toFixed(2)} %`,
    "whole traces": ({ wholeTraces }) => `${(wholeTraces * 100).toFixed(1)} %`,
    "left out after": ({ ejectMs }) => perBackend(ejectMs),
    "back after": ({ restoreMs }) => perBackend(restoreMs),
    ...more,
  };
  const rows = [
    Object.keys(columns),
    ...results.map((result) => Object.values(columns).map((column) => column(result))),
  ];
  const widths = Object.keys(columns).map((_, at) => Math.max(...rows.map((row) => (row[at] as string).length)));
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] as number)).join("  "));
  return [name, ...lines].join("\n");
}

function perBackend(times: ReadonlyMap<string, number>): string {
  return [...times].map(([id, ms]) => `${id} ${Math.round(ms)} ms`).join(", ") || "-";
}

import type { Backend } from "@otlpkit/testkit/node";
import { decode, jsonToProtobuf, type KeyValue, type Metric, type Span } from "@otlpkit/otlp";
import type { Signal } from "@otlpkit/core";
import type { Deeds, Ended } from "../program/start-program.ts";
import { hold, type Scenario, type Stage } from "../scenario.ts";
import { opened, seconds, sizes } from "./seen.ts";

/** Programs that know only the OpenTelemetry API, and are told by variables where their telemetry goes. */
export const programScenarios: readonly Scenario[] = (
  [
    {
      ids: ["I-34", "I-16", "I-17"],
      title: "spans, log records and metrics go out by themselves, by the protocol that PROTOCOL names",
      async run(stage) {
        const { backend } = await program(stage, { spans: 3, logs: 2, metrics: true, aliveMs: 1500 }, soon);
        for (const signal of ["traces", "logs", "metrics"]) {
          hold(
            backend.requests.some((request) => request.signal === signal),
            `no ${signal}`,
          );
        }
      },
    },
    {
      ids: ["I-22"],
      title: "BSP_MAX_QUEUE_SIZE=-1 is told, and the default holds",
      async run(stage) {
        const { backend } = await program(
          stage,
          { spans: 3, aliveMs: 800 },
          { ...soon, OTEL_BSP_MAX_QUEUE_SIZE: "-1" },
        );
        hold(spansIn(backend).length === 3, () => `${spansIn(backend).length} of 3 spans arrive`);
        hold(
          stage.reports.some((line) => /QUEUE_SIZE/i.test(line)),
          "nothing is told",
        );
      },
    },
    {
      ids: ["I-28"],
      title: "BSP_MAX_EXPORT_BATCH_SIZE and BSP_SCHEDULE_DELAY hold for spans",
      async run(stage) {
        const environment = { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "10", OTEL_BSP_SCHEDULE_DELAY: "200" };
        const { backend } = await program(stage, { spans: 25, aliveMs: 1500 }, environment);
        hold(spansIn(backend).length === 25, () => `${spansIn(backend).length} of 25 arrive in time`);
        hold(Math.max(...sizes(backend)) <= 10, () => sizes(backend).join(", "));
      },
    },
    {
      ids: ["I-29"],
      title: "BLRP_MAX_EXPORT_BATCH_SIZE and BLRP_SCHEDULE_DELAY hold for log records",
      async run(stage) {
        const environment = { OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "10", OTEL_BLRP_SCHEDULE_DELAY: "200" };
        const { backend } = await program(stage, { logs: 25, aliveMs: 1500 }, environment);
        const total = sizes(backend).reduce((sum, size) => sum + size, 0);
        hold(total === 25, `${total} of 25 arrive in time`);
        hold(Math.max(...sizes(backend)) <= 10, () => sizes(backend).join(", "));
      },
    },
    {
      ids: ["I-30", "O-18"],
      title: "METRIC_EXPORT_INTERVAL holds, from start to start",
      async run(stage) {
        const environment = { OTEL_METRIC_EXPORT_INTERVAL: "300", OTEL_METRIC_EXPORT_TIMEOUT: "250" };
        const { backend } = await program(stage, { metrics: true, aliveMs: 1800 }, environment, 100);
        const exports = backend.requests.filter(({ signal }) => signal === "metrics");
        hold(exports.length >= 3 && exports.length <= 8, () => `${exports.length} exports in 1.8 s`);
      },
    },
    {
      ids: ["I-31", "I-32"],
      title: "METRICS_TEMPORALITY_PREFERENCE=Delta: counters are deltas, up-down counters cumulative",
      async run(stage) {
        const preference = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "Delta" };
        const { backend } = await program(stage, { metrics: true, aliveMs: 800 }, { ...soon, ...preference });
        const found = (name: string): unknown => metricsIn(backend).find((metric) => metric.name === name);
        const temporality = (name: string): unknown => (found(name) as Metric | undefined)?.sum?.aggregationTemporality;
        hold(temporality("requests") === 1, `the counter has ${String(temporality("requests"))}`);
        hold(temporality("open") === 2, `the up-down counter has ${String(temporality("open"))}`);
      },
    },
    {
      ids: ["I-33"],
      title: "METRICS_DEFAULT_HISTOGRAM_AGGREGATION=base2_exponential_bucket_histogram",
      async run(stage) {
        const aggregation = {
          OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: "base2_exponential_bucket_histogram",
        };
        const { backend } = await program(stage, { metrics: true, aliveMs: 800 }, { ...soon, ...aggregation });
        const duration = metricsIn(backend).find(({ name }) => name === "duration");
        hold(duration !== undefined, "no metrics");
        hold(duration.exponentialHistogram !== undefined, "it has explicit buckets");
      },
    },
    {
      ids: ["I-34"],
      title: "TRACES_EXPORTER=none: no spans, the rest goes on",
      async run(stage) {
        const none = { ...soon, OTEL_TRACES_EXPORTER: "none" };
        const { backend } = await program(stage, { spans: 3, logs: 2, aliveMs: 800 }, none);
        hold(!backend.requests.some(({ signal }) => signal === "traces"), "spans are sent");
        hold(
          backend.requests.some(({ signal }) => signal === "logs"),
          "log records are not",
        );
      },
    },
    {
      ids: ["I-35"],
      title: "RESOURCE_ATTRIBUTES are percent-decoded; one that can't be discards all, and is told",
      async run(stage) {
        const good = await program(
          stage,
          { spans: 1, aliveMs: 600 },
          { ...soon, OTEL_RESOURCE_ATTRIBUTES: "team=a%2Cb%3D,tier=1" },
        );
        const { team, tier } = resourceIn(good.backend);
        hold(team === "a,b=" && tier === "1", `team is ${team}, tier ${tier}`);
        const bad = await program(
          stage,
          { spans: 1, aliveMs: 600 },
          {
            ...soon,
            OTEL_RESOURCE_ATTRIBUTES: "team=blue,x",
            OTEL_LOG_LEVEL: "debug",
          },
        );
        hold(resourceIn(bad.backend)["team"] === undefined, "a bad one: the others are taken");
        hold(
          stage.reports.some((line) => /RESOURCE_ATTRIBUTES|resource attribute|EnvDetector/i.test(line)),
          "a bad one: nothing is told",
        );
      },
    },
    {
      ids: ["I-36"],
      title: "SERVICE_NAME beats service.name among RESOURCE_ATTRIBUTES",
      async run(stage) {
        const names = { OTEL_SERVICE_NAME: "shop", OTEL_RESOURCE_ATTRIBUTES: "service.name=other" };
        const { backend } = await program(stage, { spans: 1, aliveMs: 600 }, { ...soon, ...names });
        const name = resourceIn(backend)["service.name"];
        hold(name === "shop", `it is ${name}`);
      },
    },
    {
      ids: ["I-37"],
      title: "SDK_DISABLED=true: nothing is sent",
      async run(stage) {
        const disabled = { ...soon, OTEL_SDK_DISABLED: "true" };
        const { backend } = await program(stage, { spans: 3, logs: 3, metrics: true, aliveMs: 600 }, disabled);
        hold(backend.requests.length === 0, () => `${backend.requests.length} requests`);
      },
    },
    {
      ids: ["I-38"],
      title: "ATTRIBUTE_COUNT_LIMIT and ATTRIBUTE_VALUE_LENGTH_LIMIT hold for spans, and what is left out is counted",
      async run(stage) {
        const limits = { OTEL_ATTRIBUTE_COUNT_LIMIT: "3", OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "5" };
        const { backend } = await program(stage, { spans: 1, attributes: 10, aliveMs: 600 }, { ...soon, ...limits });
        const [span] = spansIn(backend);
        hold(span?.attributes?.length === 3, `${span?.attributes?.length} attributes`);
        hold(
          span.attributes[0]?.value?.stringValue === "value",
          () => `a value is "${span.attributes?.[0]?.value?.stringValue}"`,
        );
        hold(span.droppedAttributesCount === 7, `${span.droppedAttributesCount} are counted as left out`);
      },
    },
    {
      ids: ["I-39"],
      title: "TRACES_SAMPLER=always_off sends no spans; a bad SAMPLER_ARG is told and counts as 1",
      async run(stage) {
        const off = await program(stage, { spans: 5, aliveMs: 600 }, { ...soon, OTEL_TRACES_SAMPLER: "always_off" });
        hold(spansIn(off.backend).length === 0, "always_off: spans are sent");
        const odd = { ...soon, OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "lots" };
        const all = await program(stage, { spans: 5, aliveMs: 600 }, odd);
        hold(spansIn(all.backend).length === 5, () => `a bad argument: ${spansIn(all.backend).length} of 5 spans`);
        hold(
          stage.reports.some((line) => /SAMPLER_ARG/.test(line)),
          "a bad argument: nothing is told",
        );
      },
    },
    {
      ids: ["O-20"],
      title: "a program that ends by itself is not held up, and loses nothing that it told",
      async run(stage) {
        const { backend, ended } = await program(stage, { spans: 20, logs: 20, metrics: true }, {});
        hold(ended.code === 0, `it ends with ${ended.code}`);
        hold(ended.tookMs < 5000, `it ends after ${seconds(ended.tookMs)}`);
        const arrived = (signal: Signal): boolean => backend.requests.some((request) => request.signal === signal);
        const lost = (["traces", "logs", "metrics"] as const).filter((signal) => !arrived(signal));
        hold(lost.length === 0, () => `${lost.join(", ")} lost`);
      },
    },
  ] satisfies Scenario[]
).map((scenario): Scenario => ({
  ...scenario,
  // They wait for their turn.
  budgetMs: 60_000,
  notFor: ({ start }, protocol) => {
    if (start === undefined) return "it has no start of its own";
    const one = protocol === "http/protobuf" || scenario.ids.some((id) => overAll.has(id));
    return one ? undefined : "nothing in it depends on the protocol; see http/protobuf";
  },
}));

/** What has to do with the protocol. */
const overAll: ReadonlySet<string> = new Set(["I-16", "O-20"]);

/** Delays that do not keep us waiting. */
const soon = {
  OTEL_BSP_SCHEDULE_DELAY: "100",
  OTEL_BLRP_SCHEDULE_DELAY: "100",
  OTEL_METRIC_EXPORT_INTERVAL: "300",
  OTEL_METRIC_EXPORT_TIMEOUT: "250",
};

async function program(
  stage: Stage,
  deeds: Deeds,
  environment: Readonly<Record<string, string>>,
  delayMs = 0,
): Promise<{ readonly backend: Backend; readonly ended: Ended }> {
  const backend = await stage.backend();
  backend.script({ kind: "ok", delayMs });
  const ended = await stage.program(deeds, {
    OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: stage.protocol,
    OTEL_LOG_LEVEL: "warn",
    ...environment,
  });
  return { backend, ended };
}

function bodiesOf(backend: Backend, signal: Signal): Uint8Array[] {
  return backend.requests
    .filter((request) => request.signal === signal)
    .map((request) => {
      const { body, format } = opened(request);
      return format === "json" ? jsonToProtobuf(signal, body).body : body;
    });
}

function spansIn(backend: Backend): Span[] {
  return bodiesOf(backend, "traces").flatMap((body) =>
    (decode("traces", body).resourceSpans ?? []).flatMap((resource) =>
      (resource.scopeSpans ?? []).flatMap(({ spans }) => spans ?? []),
    ),
  );
}

function metricsIn(backend: Backend): Metric[] {
  return bodiesOf(backend, "metrics").flatMap((body) =>
    (decode("metrics", body).resourceMetrics ?? []).flatMap((resource) =>
      (resource.scopeMetrics ?? []).flatMap(({ metrics }) => metrics ?? []),
    ),
  );
}

/** The text attributes of the resource of the first spans. */
function resourceIn(backend: Backend): Readonly<Record<string, string | undefined>> {
  const [body] = bodiesOf(backend, "traces");
  hold(body !== undefined, "no spans arrive");
  const attributes: readonly KeyValue[] = decode("traces", body).resourceSpans?.[0]?.resource?.attributes ?? [];
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value?.stringValue]));
}

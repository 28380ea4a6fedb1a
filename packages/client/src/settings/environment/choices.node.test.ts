import { describe, expect, it } from "vitest";
import { samplerOf } from "../../api/sampling/sampler-of.ts";
import { spanLimits } from "../../api/trace/span-limits.ts";
import { logRecordLimitsIn, spanLimitsIn } from "./attribute-limits.ts";
import { exportersIn } from "./exporter-choice.ts";
import { metricReadingIn } from "./metric-reading.ts";
import { propagatorsIn } from "./propagator-choice.ts";
import { samplerIn } from "./sampler-choice.ts";
import { type Environment, type Variables, variables } from "./variables.ts";

/** What the readers of single matters, for programs without the SDK, make of variables. */
function reading<Value>(read: (variables: Variables) => Value, environment: Environment): [Value, ...string[]] {
  const warnings: string[] = [];
  return [read(variables(environment, (warning) => warnings.push(warning))), ...warnings];
}

describe("limits (I-38)", () => {
  it("are the specification's when nothing is said", () => {
    expect(reading(spanLimitsIn, {})).toEqual([{}]);
    expect(reading(logRecordLimitsIn, {})).toEqual([{}]);
    expect(spanLimits(spanLimitsIn(variables({}, () => {})))).toMatchObject({ attributeCountLimit: 128 });
  });

  const forAnything = { OTEL_ATTRIBUTE_COUNT_LIMIT: "1", OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "2" };

  it("that are said for anything hold where nothing else is said", () => {
    expect(reading(spanLimitsIn, forAnything)).toEqual([
      {
        attributeCountLimit: 1,
        attributeValueLengthLimit: 2,
        attributePerEventCountLimit: 1,
        attributePerLinkCountLimit: 1,
      },
    ]);
    expect(reading(logRecordLimitsIn, forAnything)).toEqual([{ attributeCountLimit: 1, attributeValueLengthLimit: 2 }]);
  });

  it("can be said for each thing", () => {
    const environment = {
      ...forAnything,
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "3",
      OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: "0",
      OTEL_SPAN_EVENT_COUNT_LIMIT: "4",
      OTEL_SPAN_LINK_COUNT_LIMIT: "5",
      OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: "6",
      OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: "7",
      OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: "8",
      OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: "9",
    };
    expect(reading(spanLimitsIn, environment)).toEqual([
      {
        attributeCountLimit: 3,
        attributeValueLengthLimit: 0,
        eventCountLimit: 4,
        linkCountLimit: 5,
        attributePerEventCountLimit: 6,
        attributePerLinkCountLimit: 7,
      },
    ]);
    expect(reading(logRecordLimitsIn, environment)).toEqual([{ attributeCountLimit: 8, attributeValueLengthLimit: 9 }]);
  });

  it("below 0 are warned of", () => {
    const [limits, ...warnings] = reading(spanLimitsIn, { OTEL_SPAN_LINK_COUNT_LIMIT: "-1" });
    expect(limits).toEqual({});
    expect(warnings).toEqual([expect.stringContaining('OTEL_SPAN_LINK_COUNT_LIMIT="-1"')]);
  });
});

describe("the sampler (I-39)", () => {
  it("is nobody's choice when nothing is said, whatever the argument", () => {
    expect(reading(samplerIn, {})).toEqual([undefined]);
    expect(reading(samplerIn, { OTEL_TRACES_SAMPLER_ARG: "strange" })).toEqual([undefined]);
  });

  it.each([
    ["always_on", undefined, { name: "always_on", argument: undefined }],
    ["ALWAYS_OFF", "strange", { name: "always_off", argument: undefined }],
    ["parentbased_always_on", "0.5", { name: "parentbased_always_on", argument: undefined }],
    ["parentbased_always_off", "", { name: "parentbased_always_off", argument: undefined }],
    ["traceidratio", undefined, { name: "traceidratio", argument: undefined }],
    ["traceidratio", "0.25", { name: "traceidratio", argument: "0.25" }],
    ["parentbased_traceidratio", "1.0", { name: "parentbased_traceidratio", argument: "1" }],
    ["probability", "0", { name: "probability", argument: "0" }],
    ["parentbased_probability", "1e-3", { name: "parentbased_probability", argument: "0.001" }],
  ])("is %s with the argument %s", (name, argument, expected) => {
    const environment = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument };
    const [choice, ...warnings] = reading(samplerIn, environment);
    expect(choice).toEqual(expected);
    expect(warnings).toEqual([]);
    expect(samplerOf(choice!.name, choice!.argument).toString()).toMatch(/Sampler|ParentBased|Ratio|Probability/);
  });

  it.each(["jaeger_remote", "xray", "half"])("that is %s is warned of", (name) => {
    const [choice, ...warnings] = reading(samplerIn, { OTEL_TRACES_SAMPLER: name });
    expect(choice).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining(`OTEL_TRACES_SAMPLER="${name}" is none of "always_on"`)]);
  });

  it.each(["1.5", "-0.1", "half", "Infinity"])("goes without the ratio %s, which is none", (ratio) => {
    const environment = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: ratio };
    expect(reading(samplerIn, environment)).toEqual([
      { name: "traceidratio", argument: undefined },
      `OTEL_TRACES_SAMPLER_ARG="${ratio}" is not a number from 0 to 1; it is ignored`,
    ]);
  });
});

describe("propagators", () => {
  it.each([
    [undefined, ["tracecontext", "baggage"]],
    ["", ["tracecontext", "baggage"]],
    ["tracecontext", ["tracecontext"]],
    [" Baggage , tracecontext, baggage,", ["tracecontext", "baggage"]],
    ["none", []],
  ])("of %j are %j", (text, expected) => {
    expect(reading(propagatorsIn, { OTEL_PROPAGATORS: text })).toEqual([expected]);
  });

  it("that there are not here are warned of", () => {
    expect(reading(propagatorsIn, { OTEL_PROPAGATORS: "b3,tracecontext,jaeger" })).toEqual([
      ["tracecontext"],
      'OTEL_PROPAGATORS="b3,tracecontext,jaeger": "b3", "jaeger" is ignored, as it is none of "tracecontext", "baggage", "none"',
    ]);
    const [onlyStrange, ...warnings] = reading(propagatorsIn, { OTEL_PROPAGATORS: "b3" });
    expect(onlyStrange).toEqual(["tracecontext", "baggage"]);
    expect(warnings).toHaveLength(1);
  });
});

describe("exporters (I-34)", () => {
  it.each([
    [undefined, ["otlp"]],
    ["otlp", ["otlp"]],
    ["OTLP,console", ["otlp", "console"]],
    ["console", ["console"]],
    ["none", []],
    ["none,otlp", []],
  ])("of %j are %j", (text, expected) => {
    for (const signal of ["traces", "metrics", "logs"] as const) {
      const environment = { [`OTEL_${signal.toUpperCase()}_EXPORTER`]: text };
      expect(reading((read) => exportersIn(read, signal), environment)).toEqual([expected]);
    }
  });

  it("that there are not here are warned of", () => {
    const [names, ...warnings] = reading((read) => exportersIn(read, "metrics"), {
      OTEL_METRICS_EXPORTER: "prometheus",
    });
    expect(names).toEqual(["otlp"]);
    expect(warnings).toEqual([expect.stringContaining('OTEL_METRICS_EXPORTER="prometheus"')]);
  });
});

describe("the reading of metrics (I-30, I-31, I-33)", () => {
  const byDefault = {
    intervalMs: 60_000,
    timeoutMs: 30_000,
    temporality: "cumulative",
    histogram: "explicit_bucket_histogram",
  };

  it("is the specification's when nothing is said", () => {
    expect(reading(metricReadingIn, {})).toEqual([byDefault]);
  });

  it("is as variables say, in any case of letters", () => {
    const environment = {
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_METRIC_EXPORT_TIMEOUT: "0",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "LowMemory",
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: "BASE2_EXPONENTIAL_BUCKET_HISTOGRAM",
    };
    expect(reading(metricReadingIn, environment)).toEqual([
      {
        intervalMs: 1000,
        timeoutMs: Infinity,
        temporality: "lowmemory",
        histogram: "base2_exponential_bucket_histogram",
      },
    ]);
  });

  it("goes without what makes no sense", () => {
    const environment = {
      OTEL_METRIC_EXPORT_INTERVAL: "0",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "sometimes",
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: "none",
    };
    const [found, ...warnings] = reading(metricReadingIn, environment);
    expect(found).toEqual(byDefault);
    expect(warnings).toEqual(
      Object.entries(environment).map(([name, text]) => expect.stringContaining(`${name}="${text}"`)),
    );
  });
});

import { type Batch, type Candidate, protobufBatch } from "@otlpkit/core";
import { encode } from "@otlpkit/otlp";
import { seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { candidatesOf } from "../test/candidates.ts";
import { metricsOf } from "../test/metrics.ts";
import {
  byAttributes,
  byMetric,
  byMetricStream,
  byResource,
  byTraceId,
  byWholeResource,
  consistentHash,
  type Key,
} from "./index.ts";

const list = candidatesOf(Array<number>(16).fill(1));

function split(key: Key, batch: Batch): ReadonlyMap<Candidate, Batch> {
  return consistentHash({ key }).split?.(list, batch) ?? new Map();
}

/** Whether two data points go to the same endpoint, over many pairs that differ alike. */
function together(key: Key, one: Parameters<typeof metricsOf>[0][number], other: typeof one): boolean {
  return Array.from({ length: 12 }, (_, n) =>
    [one, other].map((point) => ({ ...point, attributes: { ...point.attributes, n: String(n) } })),
  ).every((pair) => split(key, metricsOf(pair)).size === 1);
}

const point = { service: "shop", metric: "requests", attributes: { route: "/", method: "GET" } };
const turned = { ...point, attributes: { method: "GET", route: "/" } };

describe("byMetricStream", () => {
  it("keeps a stream together, in whatever order its attributes come", () => {
    expect(together(byMetricStream(), point, turned)).toBe(true);
  });

  it("tells streams apart by attributes, metric and service", () => {
    for (const other of [
      { ...point, attributes: { ...point.attributes, method: "PUT" } },
      { ...point, metric: "errors" },
      { ...point, service: "till" },
    ]) {
      expect(together(byMetricStream(), point, other)).toBe(false);
    }
  });

  it("finds attributes in points of every kind", () => {
    const batch = seeded(4).metrics({ items: 300 });
    const parts = split(byMetricStream(), batch);
    expect(parts.size).toBeGreaterThan(10);
    expect([...parts.values()].reduce((sum, { items }) => sum + items, 0)).toBe(300);
  });
});

describe("byMetric", () => {
  it("keeps a metric of a service together, and tells metrics and services apart", () => {
    const key = byMetric();
    expect(together(key, point, { ...point, attributes: { other: "x" } })).toBe(true);
    const manyMetrics = metricsOf(Array.from({ length: 20 }, (_, n) => ({ ...point, metric: `metric ${n}` })));
    const manyServices = metricsOf(Array.from({ length: 20 }, (_, n) => ({ ...point, service: `service ${n}` })));
    for (const batch of [manyMetrics, manyServices]) expect(split(key, batch).size).toBeGreaterThan(5);
  });
});

describe("byResource", () => {
  it("keeps what comes from one service together, whatever it is", () => {
    const data = seeded(1);
    for (const batch of [data.traces(), data.logs(), data.metrics()]) {
      expect(split(byResource(), { ...batch }).size).toBe(split(byResource("service.name"), batch).size);
    }
    const services = metricsOf(Array.from({ length: 20 }, (_, n) => ({ ...point, service: `service ${n}` })));
    expect(split(byResource(), services).size).toBeGreaterThan(5);
    expect(split(byResource("no.such.attribute"), services).size).toBe(1);
  });
});

describe("byWholeResource", () => {
  const ofHost = (attributes: readonly (readonly [key: string, value: string])[]): Batch =>
    protobufBatch(
      "logs",
      encode("logs", {
        resourceLogs: [
          {
            resource: { attributes: attributes.map(([key, stringValue]) => ({ key, value: { stringValue } })) },
            scopeLogs: [{ logRecords: [{ body: { stringValue: "x" } }] }],
          },
        ],
      }),
      1,
    );
  const owner = (batch: Batch): Candidate => [...split(byWholeResource(), batch).keys()][0]!;

  it("keeps a resource together, in whatever order its attributes come, and tells it from others by any of them", () => {
    const hosts = Array.from({ length: 40 }, (_, n) => String(n));
    for (const host of hosts) {
      expect(
        owner(
          ofHost([
            ["service.name", "shop"],
            ["host.name", host],
          ]),
        ),
      ).toBe(
        owner(
          ofHost([
            ["host.name", host],
            ["service.name", "shop"],
          ]),
        ),
      );
    }
    expect(
      new Set(
        hosts.map((host) =>
          owner(
            ofHost([
              ["service.name", "shop"],
              ["host.name", host],
            ]),
          ),
        ),
      ).size,
    ).toBeGreaterThan(8);
  });

  it("cuts between resources and nowhere else", () => {
    const parts = split(byWholeResource(), seeded(3).traces({ items: 200, resources: 6, scopes: 3 }));
    expect(parts.size).toBeGreaterThan(1);
    expect(parts.size).toBeLessThanOrEqual(6);
    expect([...parts.values()].reduce((sum, { items }) => sum + items, 0)).toBe(200);
  });

  it("takes what names no resource as from one", () => {
    expect(
      split(
        byWholeResource(),
        protobufBatch("logs", encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [{}, {}] }] }] }), 2),
      ).size,
    ).toBe(1);
  });
});

describe("byAttributes", () => {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const owners = (key: Key, make: (value: string) => Parameters<typeof encode<"traces">>[1]): Set<Candidate> =>
    new Set(
      Array.from({ length: 40 }, (_, n) => {
        const [chosen] = split(key, protobufBatch("traces", encode("traces", make(String(n))), 1)).keys();
        return chosen!;
      }),
    );
  const spanOf = (span: object, scope = {}, resource = {}) => ({
    resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [{ spanId: new Uint8Array(8), ...span }] }] }],
  });

  it("finds them in the resource, the scope or the item, whichever has it first", () => {
    const [user, fixed] = [
      (value: string) => ({ attributes: [attribute("user", value)] }),
      { attributes: [attribute("user", "x")] },
    ];
    for (const make of [
      (value: string) => spanOf(user(value)),
      (value: string) => spanOf(fixed, user(value)),
      (value: string) => spanOf(fixed, fixed, user(value)),
    ]) {
      expect(owners(byAttributes("user"), make).size).toBeGreaterThan(8);
    }
    for (const make of [
      (value: string) => spanOf(user(value), fixed),
      (value: string) => spanOf(user(value), user(value), fixed),
    ]) {
      expect(owners(byAttributes("user"), make).size).toBe(1);
    }
  });

  it("knows severities and bodies of log records", () => {
    for (const [name, make] of [
      ["log.severity", (severityText: string) => ({ severityText })],
      ["log.body", (stringValue: string) => ({ body: { stringValue } })],
    ] as const) {
      const records = Array.from({ length: 40 }, (_, n) => make(String(n)));
      const batch = protobufBatch(
        "logs",
        encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] }),
        40,
      );
      expect(split(byAttributes(name), batch).size).toBeGreaterThan(8);
      expect(split(byAttributes("span.name"), batch).size).toBe(1);
    }
  });

  it("knows names and kinds of spans, and takes together what lacks everything", () => {
    expect(owners(byAttributes("span.name"), (name) => spanOf({ name })).size).toBeGreaterThan(8);
    expect(owners(byAttributes("span.kind"), (n) => spanOf({ kind: Number(n) % 6 })).size).toBeGreaterThan(2);
    expect(owners(byAttributes("nobody"), (name) => spanOf({ name })).size).toBe(1);
    expect(() => byAttributes()).toThrow(/at least one/);
  });
});

describe("byTraceId", () => {
  it("sends what has no trace id by its service, or as it is told", () => {
    const services = metricsOf(Array.from({ length: 20 }, (_, n) => ({ ...point, service: `service ${n}` })));
    expect([...split(byTraceId(), services).keys()]).toEqual([...split(byResource(), services).keys()]);
    expect([...split(byTraceId(byMetricStream()), services).keys()]).toEqual([
      ...split(byMetricStream(), services).keys(),
    ]);
  });

  it("puts spans and logs of a trace in the same place", () => {
    const data = seeded(9);
    const balancer = consistentHash();
    for (let n = 0; n < 20; n++) {
      const traceId = Uint8Array.from({ length: 16 }, () => Math.floor(data.random() * 256));
      const span = encode("traces", { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId, name: "work" }] }] }] });
      const record = encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: {}, traceId }] }] }] });
      const owner = balancer.pick(list, protobufBatch("traces", span, 1));
      expect(balancer.pick(list, protobufBatch("logs", record, 1))).toBe(owner);
    }
  });
});

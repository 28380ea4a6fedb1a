// Real OpenTelemetry programs into a relay: each generation of the SDK through the official exporters, through ours in
// their place (one import changed), through official ones with our parts inside, and through our processors. What the API was told is what lies in the files.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, type KeepingRelay, keepingRelay, markerOf, type Outcome, type Run } from "./scenario.ts";

const runs: readonly Run[] = ["official:none", "official:gzip", "exporters:gzip", "processors:none", "adapters:none"];
const programs = (["grpc", "proto", "http"] as const).flatMap((protocol) => [
  // The official exporters of the first generation are not at hand.
  { generation: "gen1", protocol, runs: ["exporters:gzip", "processors:none"] } as const,
  { generation: "gen2", protocol, runs } as const,
  { generation: "gen3", protocol, runs } as const,
]);
const markers = programs.flatMap(({ generation, protocol, runs: all }) =>
  all.map((run) => markerOf(generation, protocol, run)),
);

let relay: KeepingRelay;
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  relay = await keepingRelay();
  for (const { generation, protocol, runs: all } of programs) {
    for (const entry of Object.entries(await relay.run(generation, protocol, all))) outcomes.set(...entry);
  }
}, 120_000);
afterAll(() => relay.close());

describe.each(markers)("the OpenTelemetry SDK, %s", (marker) => {
  const outcome = (): Outcome => outcomes.get(marker)!;

  it("reports no failure", () => {
    expect(outcome().failures).toEqual([]);
  });

  it("finds every span as it was ended", async () => {
    const { sent } = outcome();
    const spans = (await relay.items("traces", marker)).filter(({ name }) => String(name).startsWith(`${marker} `));
    expect(spans).toHaveLength(sent.traces.length);
    for (const { attributes, links, flags, ...rest } of sent.traces) {
      const span = spans.find(({ spanId }) => spanId === rest.spanId);
      expect(span).toMatchObject({ ...rest, status: { code: 2, message: "did not work" } });
      // The low eight bits are those of the W3C; above them the SDK says whether the parent is remote (M-06).
      expect((span?.["flags"] as number) & 0xff).toBe(flags);
      expect(span?.["attributes"]).toHaveLength(attributes);
      expect((span?.["links"] as unknown[] | undefined) ?? []).toHaveLength(links);
      expect(span?.["attributes"]).toContainEqual({
        key: "some.strings",
        value: { arrayValue: { values: [{ stringValue: "ä" }, { stringValue: "日本" }, { stringValue: "🦀" }] } },
      });
      expect(span?.["events"]).toMatchObject([{ name: "cache miss" }]);
    }
  });

  it("finds every metric with its points", async () => {
    const metrics = await relay.items("metrics", marker);
    for (const { name, kind, points } of outcome().sent.metrics) {
      const found = metrics.find((metric) => metric["name"] === name);
      expect((found?.[kind] as Json | undefined)?.["dataPoints"], name).toHaveLength(points);
    }
  });

  it("finds every log record", async () => {
    const { sent } = outcome();
    const records = await relay.items("logs", marker);
    expect(records).toHaveLength(sent.logs.length);
    for (const { severityNumber, timeUnixNano } of sent.logs) {
      expect(records).toContainEqual(expect.objectContaining({ severityNumber, timeUnixNano }));
    }
  });
});

describe("what goes through ours", () => {
  const replacing = programs.filter(({ generation }) => generation !== "gen1");
  const cases = (["traces", "metrics", "logs"] as const).flatMap((signal) =>
    replacing.flatMap(({ generation, protocol }) =>
      (["exporters:gzip", "processors:none", "adapters:none"] as const).map((run) => {
        const official = run === "exporters:gzip" ? "official:gzip" : "official:none";
        return [signal, markerOf(generation, protocol, run), markerOf(generation, protocol, official)] as const;
      }),
    ),
  );

  it.each(cases)("is what the official exporters send: %s of %s", async (signal, ours, official) => {
    const [sent, expected] = [await relay.resources(signal, ours), await relay.resources(signal, official)];
    expect(sent.length).toBeGreaterThan(0);
    expect(withoutChance(sent, ours)).toEqual(withoutChance(expected, official));
  });
});

/** What does not differ from run to run: without random ids, and without the times that the SDK takes from the clock. */
function withoutChance(entries: Json[], marker: string): unknown {
  const text = JSON.stringify(entries)
    .replaceAll(marker, "MARKER")
    .replaceAll(/"(traceId|spanId)":"[0-9a-f]+"/g, '"$1":"ID"')
    .replaceAll(/"(\w*[tT]imeUnixNano)":"\d+"/g, (whole, name: string) =>
      whole.includes(`"${scenarioTimes}`) ? whole : `"${name}":"NOW"`,
    );
  return JSON.parse(text);
}

/** How the times begin that the scenario gives itself. */
const scenarioTimes = "1700000";

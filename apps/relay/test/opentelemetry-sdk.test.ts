// Real OpenTelemetry programs, both generations of the SDK, all nine exporters, with and without gzip, into a relay that
// keeps what it gets as JSON lines. What the API was told is what lies in the files.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Relay } from "../src/start-relay.ts";
import { startRelay } from "../src/start-relay.ts";
import { configured, pipelinesTo, remembering } from "./running.ts";

const exec = promisify(execFile);

interface Sent {
  readonly traces: { traceId: string; spanId: string; flags: number; attributes: number; links: number }[];
  readonly metrics: { name: string; kind: string; points: number }[];
  readonly logs: { severityNumber: number; index: number; timeUnixNano: string }[];
}
type Json = Record<string, unknown>;

let folder: string;
let relay: Relay;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlpkit-sdk-"));
  const yaml = `
receivers:
  otlp: { protocols: { grpc: { endpoint: "127.0.0.1:0" }, http: { endpoint: "127.0.0.1:0" } } }
exporters:
  file: { path: "${folder}/{signal}.jsonl" }
service:
  status: { enabled: false }
  pipelines:
${pipelinesTo("file")}
`;
  relay = await startRelay(await configured(yaml), { log: remembering().log });
});
afterAll(async () => {
  await relay.close();
  await rm(folder, { recursive: true, force: true });
});

const generations = ["gen2", "gen3"];
const protocols = ["grpc", "proto", "http"];
const cases = generations.flatMap((generation) =>
  protocols.flatMap((protocol) => ["none", "gzip"].map((compression) => [generation, protocol, compression] as const)),
);

describe.each(cases)("the OpenTelemetry SDK, %s, %s exporters, compression %s", (generation, protocol, compression) => {
  const marker = `${generation}-${protocol}-${compression}`;
  let sent: Sent;
  let failures: string[];

  beforeAll(async () => {
    const program = fileURLToPath(new URL(`../../../tools/otel-${generation}/send.mjs`, import.meta.url));
    const label = protocol === "grpc" ? "gRPC" : "HTTP";
    const url = relay.doors.find((door) => door.label === label)?.url ?? "";
    const words = ["--url", url, "--protocol", protocol, "--compression", compression, "--marker", marker];
    const { stdout } = await exec(process.execPath, [program, ...words]);
    ({ sent, failures } = JSON.parse(stdout) as { sent: Sent; failures: string[] });
  }, 30_000);

  it("reports no failure", () => {
    expect(failures).toEqual([]);
  });

  it("finds every span as it was ended", async () => {
    const spans = (await items("traces", marker)).filter(({ name }) => String(name).startsWith(`${marker} `));
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
    const metrics = await items("metrics", marker);
    for (const { name, kind, points } of sent.metrics) {
      const found = metrics.find((metric) => metric["name"] === name);
      expect((found?.[kind] as Json | undefined)?.["dataPoints"], name).toHaveLength(points);
    }
  });

  it("finds every log record", async () => {
    const records = await items("logs", marker);
    expect(records).toHaveLength(sent.logs.length);
    for (const { severityNumber, timeUnixNano } of sent.logs) {
      expect(records).toContainEqual(expect.objectContaining({ severityNumber, timeUnixNano }));
    }
  });
});

const shapes = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
} as const;

/** The items in the file of a signal whose resource is that of the marked program. */
async function items(signal: keyof typeof shapes, marker: string): Promise<Json[]> {
  const text = await readFile(join(folder, `${signal}.jsonl`), "utf8");
  const requests = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Json);
  const [resources, scopes, leaves] = shapes[signal];
  return requests
    .flatMap((request) => request[resources] as Json[])
    .filter((entry) => JSON.stringify(entry["resource"]).includes(`"scenario-${marker}"`))
    .flatMap((entry) => entry[scopes] as Json[])
    .flatMap((scope) => scope[leaves] as Json[]);
}

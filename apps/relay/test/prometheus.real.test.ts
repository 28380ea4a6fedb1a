// What a relay shows as metrics, read by the strictest readers there are: promtool, and a Prometheus that scrapes it.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { seeded } from "@otlpkit/testkit";
import { freePort, privateFolder, real, startServer } from "@otlpkit/tool-real";
import { httpTransport } from "@otlpkit/transport-http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Relay, startRelay } from "../src/start-relay.ts";
import { configured, pipelinesTo, remembering } from "./running.ts";

const prometheus = await real("prometheus");
const oddTenant = 'a"b\\c\n\u{1F600}é';

/** A relay in which everything has happened that is counted. */
async function busyRelay(): Promise<Relay> {
  const storage = privateFolder("prometheus-relay");
  const yaml = `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" }, grpc: { endpoint: "127.0.0.1:0" } } } }
processors: { batch: { timeout: 10ms } }
extensions: { file_storage: { directory: "${storage.path}" } }
exporters:
  nop:
  otlphttp/memory: { endpoint: "http://127.0.0.1:${await freePort()}", sending_queue: { wait_for_result: false } }
  otlphttp/disk: { endpoint: "http://127.0.0.1:${await freePort()}", sending_queue: { storage: file_storage } }
service:
  status: { endpoint: "127.0.0.1:0" }
  extensions: [file_storage]
  monitor: { interval: 100ms }
  pipelines:
${pipelinesTo("nop, otlphttp/memory, otlphttp/disk", "batch")}`;
  const relay = await startRelay(await configured(yaml), { log: remembering().log });
  onTestFinished(async () => {
    await relay.close(200);
    storage.remove();
  });
  const sender = httpTransport().connect({ url: relay.doors.find(({ label }) => label === "HTTP")!.url });
  for (const items of [1, 10, 100]) await sender.send(seeded(items).traces({ items }), {});
  await sender.close();
  relay.metrics.counter("odd_items", 'Said "so"\nby \\ hand.').with({ tenant: oddTenant }).add(5);
  await vi.waitUntil(() => relay.metrics.read().some(({ name }) => name === "otlpkit_process_cpu_ratio"), 10_000);
  return relay;
}

describe.skipIf(prometheus === undefined)("Prometheus", () => {
  it("finds nothing wrong with the text but that counters have the Collector's names", async () => {
    const relay = await busyRelay();
    const page = await (await fetch(`${relay.status}/metrics`)).text();
    const promtool = join(dirname(prometheus!.program), "promtool");
    const { stderr, stdout } = spawnSync(promtool, ["check", "metrics"], { input: page, encoding: "utf8" });
    const problems = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.filter((line) => !line.endsWith('counter metrics should have "_total" suffix'))).toEqual([]);
  });

  it("scrapes a relay, in OpenMetrics as it prefers, and gets every number", async () => {
    const relay = await busyRelay();
    const port = await freePort();
    const folder = privateFolder("prometheus");
    const target = relay.status!.replace("http://", "");
    writeFileSync(
      join(folder.path, "prometheus.yml"),
      `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: relay, static_configs: [{ targets: ["${target}"] }] }]\n`,
    );
    const url = `http://127.0.0.1:${port}`;
    const server = await startServer({
      name: "prometheus",
      command: [
        prometheus!.program,
        `--config.file=${folder.path}/prometheus.yml`,
        `--storage.tsdb.path=${folder.path}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      ready: async () => (await fetch(`${url}/-/ready`)).ok,
    });
    onTestFinished(async () => {
      await server.stop();
      folder.remove();
    });
    const ask = async (query: string): Promise<[metric: Record<string, string>, value: number][]> => {
      const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
      const { data } = (await answer.json()) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      return data.result.map(({ metric, value }) => [metric, Number(value[1])]);
    };
    await vi.waitUntil(async () => (await ask("up"))[0]?.[1] === 1, { timeout: 30_000, interval: 200 });
    const valueOf = async (query: string): Promise<number | undefined> => (await ask(query))[0]?.[1];
    expect(await valueOf('otelcol_receiver_accepted_spans{receiver="otlp",transport="http"}')).toBe(111);
    expect(await valueOf('otelcol_exporter_sent_spans{exporter="nop"}')).toBe(111);
    expect(await valueOf('otlpkit_ledger_queued_items{exporter="otlphttp/disk"}')).toBe(111);
    expect(await valueOf("sum(abs(otlpkit_ledger_difference_items))")).toBe(0);
    expect(await valueOf('otlpkit_exporter_queue_disk_bytes{exporter="otlphttp/disk"}')).toBeGreaterThan(100);
    expect(
      await valueOf('otelcol_processor_batch_batch_send_size_bucket{pipeline="traces",le="+Inf"}'),
    ).toBeGreaterThan(0);
    expect((await ask("odd_items"))[0]).toEqual([expect.objectContaining({ tenant: oddTenant }), 5]);
    // As many series as there are samples on the page: none was lost or taken for another.
    const samples = relay.metrics.read().reduce((sum, family) => sum + family.samples.length, 0);
    expect(await valueOf("scrape_samples_scraped")).toBe(samples);
  });
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { pipelinesTo, running } from "./running.ts";

/** The rows of METRICS.md by name, which may end in a star for the items of all signals. */
function listed(): Map<string, { readonly type: string; readonly help: string }> {
  const page = readFileSync(
    fileURLToPath(import.meta.resolve("@otlpkit/telemetry/package.json")).replace("package.json", "METRICS.md"),
    "utf8",
  );
  const rows = [...page.matchAll(/^\| `([^`]+)` *\| (\w+) *\| [^|]*\| [^|]*\| (.+?) *\|$/gmu)];
  return new Map(rows.map(([, name = "", type = "", help = ""]) => [name, { type, help }]));
}

describe("the metrics of a relay", () => {
  it("are all listed in METRICS.md, as what they are", async () => {
    const { overHttp, relay } = await running(`
processors: { batch: { timeout: 10ms } }
exporters:
  nop:
  otlphttp: { endpoint: "http://127.0.0.1:1", sending_queue: { wait_for_result: false } }
service:
  tenants: { header: x-tenant }
  pipelines:
${pipelinesTo("nop, otlphttp", "batch")}`);
    await overHttp.send(seeded(1).traces({ items: 4 }), {});
    const rows = listed();
    const unlisted = relay.metrics.read().filter(({ help, name, type }) => {
      const row =
        rows.get(name) ?? rows.get(name.replace(/_(?:spans|metric_points|log_records|profile_samples)$/u, "_*"));
      return row?.type !== type || row.help !== help;
    });
    expect(unlisted.map(({ name }) => name)).toEqual([]);
    expect(relay.metrics.read().length).toBeGreaterThan(60);
  });
});

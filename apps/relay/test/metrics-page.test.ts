import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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
  otlphttp/found:
    discovery: { static: { hostnames: ["http://127.0.0.1:1", "http://127.0.0.1:2"] } }
    sending_queue: { wait_for_result: false }
service:
  tenants: { header: x-tenant }
  pipelines:
${pipelinesTo("nop, otlphttp, otlphttp/found", "batch")}`);
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

  it("are listed as the sources have them, also those that only some configurations have", () => {
    const folder = fileURLToPath(new URL("../src/", import.meta.url));
    const rows = listed();
    const made = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .flatMap((file): { name: string; type?: string; help?: string }[] => {
        const text = readFileSync(join(folder, file), "utf8");
        const calls = [...text.matchAll(/metrics\s*\.(counter|gauge|histogram)\(\s*"([^"]+)",\s*"([^"]+)"/gu)];
        // However they are made, names are written out.
        const names = [...text.matchAll(/["`](otlpkit_[a-z_]+)["`]/gu)];
        return [
          ...names.map(([, name = ""]) => ({ name })),
          ...calls.map(([, type = "", name = "", help = ""]) => ({ name, type, help })),
        ];
      });
    const wrong = made.filter(({ name, type, help }) => {
      const row = rows.get(name) ?? rows.get(`${name}_*`);
      return row === undefined || (type !== undefined && (row.type !== type || row.help !== help));
    });
    expect(wrong).toEqual([]);
    const last = [...rows.keys()].slice([...rows.keys()].indexOf("otlpkit_audit_failing"));
    expect(last.filter((name) => !made.some((metric) => metric.name === name))).toEqual([]);
    expect(last.length).toBeGreaterThan(5);
  });
});

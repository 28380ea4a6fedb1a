// Whether our packages have all that programs may use of the official exporters, of both generations that there are.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const exec = promisify(execFile);
const tools = new URL("../../", import.meta.url);
const protocols = ["http", "proto", "grpc"];
const official = ["trace", "metrics", "logs"].flatMap((signal) =>
  protocols.map((protocol) => `@opentelemetry/exporter-${signal}-otlp-${protocol}`),
);
const ours = protocols.map((protocol) => `@otlpkit/opentelemetry-${protocol}`);

interface Content {
  readonly methods?: readonly string[];
  readonly answers?: readonly number[];
  readonly values?: object;
}
type Names = Readonly<Record<string, Readonly<Record<string, Content>>>>;

describe.each(["otel-gen2", "otel-gen3"])("of what programs can use in the packages of %s", (generation) => {
  let names: Names;
  beforeAll(async () => {
    const words = [fileURLToPath(new URL("otel-names.mjs", tools)), fileURLToPath(new URL(generation, tools))];
    const { stdout } = await exec(process.execPath, ["--conditions=@otlpkit/source", ...words, ...official, ...ours]);
    names = JSON.parse(stdout) as Names;
  });

  it.each(official)("%s has nothing that ours has not", (name) => {
    const replacement = names[name.replace(/^.*-/, "@otlpkit/opentelemetry-")]!;
    const entries = Object.entries(names[name]!);
    expect(entries.length).toBeGreaterThan(0);
    for (const [key, { methods = [], ...content }] of entries) {
      expect(replacement[key], key).toMatchObject(content);
      const missing = methods.filter((method) => replacement[key]?.methods?.includes(method) !== true);
      // `setMetrics` is for subclasses that bring self metrics; `selectAggregation` is there when something was asked for,
      // see the tests of OTLPMetricExporterBase.
      expect(missing.filter((method) => method !== "setMetrics" && method !== "selectAggregation")).toEqual([]);
    }
  });
});

describe("programs in TypeScript", () => {
  it.each(["otel-gen1", "otel-gen2", "otel-gen3"])("compile with one import changed, %s", async (generation) => {
    const tsc = fileURLToPath(new URL("../node_modules/.bin/tsc", tools));
    await exec(tsc, ["-p", fileURLToPath(new URL(generation, tools))]).catch(({ stdout }: { stdout: string }) =>
      expect(stdout).toBe(""),
    );
  });
});

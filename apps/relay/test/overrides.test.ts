// Programs that the SDK sets up by the environment alone, with the nine official exporters overridden by ours: not a line of
// them is changed. The packages are packed, served by a registry on this machine, and installed as users install them; the
// SDK itself comes from the usual registry.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registryOf } from "./our-registry.ts";
import { type Json, type KeepingRelay, keepingRelay } from "./scenario.ts";

const exec = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const { packageManager: pnpm } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  readonly packageManager: string;
};

type Generation = "otel-gen2" | "otel-gen3";
const signals = ["traces", "metrics", "logs"] as const;
const shims = ["http", "proto", "grpc"].flatMap((protocol) =>
  ["trace", "metrics", "logs"].map((signal) => [
    `@opentelemetry/exporter-${signal}-otlp-${protocol}`,
    `npm:@otlpkit/opentelemetry-${protocol}@0.0.0`,
  ]),
);
const overrides: Readonly<Record<string, string>> = Object.fromEntries(shims) as Record<string, string>;

/** Each exporter of a generation is used once in these. */
const protocols = [
  { traces: "grpc", metrics: "http/protobuf", logs: "http/json" },
  { traces: "http/json", metrics: "grpc", logs: "http/protobuf" },
  { traces: "http/protobuf", metrics: "http/json", logs: "grpc" },
] as const;

const matrix = join(root, "tools/node-matrix/node_modules");
// The older Nodes come as Linux x64 packages; elsewhere the pinned one stands in for them.
const nodes = new Map(
  ["20", "22"]
    .map((version): [string, string] => [version, join(matrix, `node-${version}/bin/node`)])
    .filter(([, path]) => existsSync(path)),
);

let relay: KeepingRelay;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlpkit-overrides-"));
  relay = await keepingRelay();
  await exec(process.execPath, [join(root, "tools/run.mjs"), "build"], { cwd: root });
  const packed = join(folder, "packed");
  const words = ["--recursive", "--filter", "@otlpkit/opentelemetry-*...", "pack", "--pack-destination", packed];
  await exec("npx", ["--yes", pnpm, ...words], { cwd: root });
  const registry = await registryOf(packed);
  try {
    await cp(join(root, "tools/otel-shop.mjs"), join(folder, "otel-shop.mjs"));
    await Promise.all([
      install("otel-gen2", registry.url, "npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"]),
      install("otel-gen3", registry.url, "npx", ["--yes", pnpm, "install", "--ignore-scripts"]),
      installBare(registry.url),
    ]);
  } finally {
    await registry.close();
  }
}, 240_000);
afterAll(async () => {
  await relay.close();
  await rm(folder, { recursive: true, force: true });
});

/** A project of a user, who overrides the exporters in the way of npm and in that of pnpm. */
async function install(generation: Generation, ours: string, installer: string, words: string[]): Promise<void> {
  const project = join(folder, generation);
  const source = join(root, "tools", generation);
  const { dependencies } = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const used = Object.entries(dependencies).filter(([name]) =>
    /\/(?:api|api-logs|sdk-node|instrumentation-http)$/.test(name),
  );
  await mkdir(project);
  const manifest = { name: "shop", private: true, dependencies: Object.fromEntries(used), overrides };
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
  await writeFile(
    join(project, "pnpm-workspace.yaml"),
    JSON.stringify({ overrides, allowBuilds: { protobufjs: false } }),
  );
  await writeFile(join(project, ".npmrc"), `@otlpkit:registry=${ours}\n`);
  for (const program of ["node-sdk.mjs", "node-sdk.cjs"]) await cp(join(source, program), join(project, program));
  await exec(installer, words, { cwd: project });
}

/** A project with the client, and without the OpenTelemetry API. */
async function installBare(ours: string): Promise<void> {
  const project = join(folder, "bare");
  await mkdir(project);
  const dependencies = { "@otlpkit/client": "0.0.0" };
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "bare", private: true, dependencies }));
  await writeFile(join(project, ".npmrc"), `@otlpkit:registry=${ours}\n`);
  await writeFile(join(project, "program.cjs"), 'console.log("runs");\n');
  await exec("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: project });
}

interface Run {
  readonly generation: Generation;
  readonly program: string;
  readonly node: string;
  /** Which of `protocols`. */
  readonly turn: number;
}

const markerOf = ({ generation, program, node, turn }: Run): string => [generation, program, node, turn].join("-");

/** Runs a program, and gives what it printed. */
async function visit(run: Run): Promise<string> {
  const chosen = protocols[run.turn]!;
  const ofSignals = signals.flatMap((signal) => {
    const http = `${relay.http}/v1/${signal}`;
    return [
      [`OTEL_${signal.toUpperCase()}_EXPORTER`, "otlp"],
      [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`, chosen[signal]],
      [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`, chosen[signal] === "grpc" ? relay.grpc : http],
    ];
  });
  const env = {
    PATH: process.env["PATH"],
    OTEL_SERVICE_NAME: `scenario-${markerOf(run)}`,
    OTEL_NODE_RESOURCE_DETECTORS: "env",
    OTEL_LOG_LEVEL: "warn",
    ...Object.fromEntries(ofSignals),
  };
  const file =
    run.program === "official"
      ? join(root, "tools", run.generation, "node-sdk.cjs")
      : join(folder, run.generation, run.program);
  const { stdout, stderr } = await exec(nodes.get(run.node) ?? process.execPath, [file], { env });
  return stdout + stderr;
}

/** What arrived of a run, without what differs from run to run. */
async function arrived(run: Run): Promise<Readonly<Record<string, unknown>>> {
  const marker = markerOf(run);
  const all = signals.map(async (signal) => [signal, withoutChance(await relay.resources(signal, marker), marker)]);
  return Object.fromEntries(await Promise.all(all)) as Record<string, unknown>;
}

function withoutChance(entries: Json[], marker: string): unknown {
  const text = JSON.stringify(entries)
    .replaceAll(marker, "MARKER")
    .replaceAll(/"(traceId|spanId|parentSpanId)":"[0-9a-f]+"/g, '"$1":"ID"')
    // That of a span that has none, in the words of the official exporters.
    .replaceAll('"status":{},', "")
    .replaceAll(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi, "0");
  return JSON.parse(text);
}

const turns = [...protocols.keys()];
const official = (["otel-gen2", "otel-gen3"] as const).flatMap((generation) =>
  turns.map((turn): Run => ({ generation, program: "official", node: "26", turn })),
);
const overridden: Run[] = [
  ...turns.map((turn): Run => ({ generation: "otel-gen2", program: "node-sdk.cjs", node: "20", turn })),
  { generation: "otel-gen2", program: "node-sdk.mjs", node: "20", turn: 0 },
  { generation: "otel-gen2", program: "node-sdk.mjs", node: "26", turn: 1 },
  ...turns.map((turn): Run => ({ generation: "otel-gen3", program: "node-sdk.cjs", node: "22", turn })),
  { generation: "otel-gen3", program: "node-sdk.mjs", node: "26", turn: 1 },
];
const printed = new Map<string, string>();

describe("a program of the SDK whose exporters are overridden", () => {
  beforeAll(async () => {
    const waiting = [...official, ...overridden];
    const worker = async (): Promise<void> => {
      for (let run = waiting.pop(); run !== undefined; run = waiting.pop())
        printed.set(markerOf(run), await visit(run));
    };
    await Promise.all([worker(), worker(), worker()]);
  }, 120_000);

  it.each(overridden.map((run) => [markerOf(run), run] as const))(
    "tells the same as with its own: %s",
    async (marker, run) => {
      expect(printed.get(marker)).toBe("");
      const told = await arrived(run);
      expect(JSON.stringify(told)).toContain("shop.orders");
      expect(told).toEqual(await arrived({ ...run, program: "official", node: "26" }));
    },
  );

  it.each(["otel-gen2", "otel-gen3"])("has none of the official exporters left: %s", async (generation) => {
    const require = `require("node:module").createRequire(require.resolve("@opentelemetry/sdk-node"))`;
    const script = `for (const name of ${JSON.stringify(Object.keys(overrides))}) console.log(${require}.resolve(name))`;
    const { stdout } = await exec(process.execPath, ["-e", script], { cwd: join(folder, generation) });
    const paths = stdout.trim().split("\n");
    expect(paths).toHaveLength(9);
    for (const path of paths) {
      const { name } = JSON.parse(await readFile(path.replace(/dist.*$/, "package.json"), "utf8")) as { name: string };
      expect(name).toMatch(/^@otlpkit\/opentelemetry-/);
    }
  });
});

describe("a program that is started with register, but has not installed the OpenTelemetry API", () => {
  it.each(["20", "26"])("runs all the same, and is told once: Node %s", async (node) => {
    const words = ["--import", "@otlpkit/client/register", "program.cjs"];
    const { stdout, stderr } = await exec(nodes.get(node) ?? process.execPath, words, { cwd: join(folder, "bare") });
    expect(stdout).toBe("runs\n");
    expect(stderr.trim().split("\n")).toEqual([
      "otlpkit: there is no telemetry, as @opentelemetry/api is not installed; run: npm install @opentelemetry/api",
    ]);
  });
});

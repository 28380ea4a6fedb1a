import { definePlugin } from "@otlpkit/core";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import {
  bytes,
  check,
  choice,
  type Configuration,
  ConfigurationError,
  duration,
  flag,
  hostPort,
  ignored,
  integer,
  list,
  map,
  optional,
  or,
  present,
  readConfiguration,
  record,
  section,
  text,
  unsupported,
} from "./index.ts";

const retry = section({ enabled: or(flag, true), initial_interval: or(duration, 5000) });
const make = { create: () => undefined };
const plugins = {
  receivers: [
    definePlugin({
      kind: "receiver",
      names: ["otlp"],
      config: section({
        protocols: section({ grpc: present(section({ endpoint: or(hostPort, { host: "localhost", port: 4317 }) })) }),
      }),
      ...make,
    }),
  ],
  processors: [
    // Of another library, as an author of a plugin may choose.
    definePlugin({
      kind: "processor",
      names: ["batch"],
      config: v.object({ size: v.optional(v.pipe(v.number(), v.integer("must be whole")), 8192) }),
      ...make,
    }),
  ],
  exporters: [
    definePlugin({
      kind: "exporter",
      names: ["otlp_grpc", "otlp"],
      config: section({
        endpoint: check(text, (value) => (value.includes("://") ? undefined : "needs a scheme")),
        headers: record(text),
        compression: or(choice("gzip", "zstd", "none"), "gzip"),
        retry_on_failure: retry,
        max: or(bytes, 0),
        tags: list(text),
        level: optional(integer({ min: 1, max: 9 })),
        old: unsupported("it went away"),
        buffer: ignored("memory is pooled"),
        upper: map(optional(text), (value) => value?.toUpperCase()),
      }),
      ...make,
    }),
    definePlugin({ kind: "exporter", names: ["debug"], config: section({}), ...make }),
  ],
  connectors: [],
  extensions: [definePlugin({ kind: "extension", names: ["health_check"], config: section({}), ...make })],
} as const;

type Service = { readonly telemetry: { readonly level: string } };
const language = { plugins, service: { telemetry: section({ level: or(choice("info", "debug"), "info") }) } };

type Reading = Promise<Configuration<typeof plugins, Service>>;

function read(yaml: string, environment: Record<string, string> = {}): Reading {
  return readConfiguration<typeof plugins, Service>({ text: yaml, file: "relay.yaml", environment }, language);
}

async function problemsOf(yaml: string): Promise<string[]> {
  try {
    await read(yaml);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message.split("\n");
  }
  return [];
}

/** A good file; `exporter` goes below exporters.otlp. */
function file(exporter = "", service = ""): string {
  return `receivers:
  otlp:
    protocols:
      grpc:
processors:
  batch:
exporters:
  otlp:
    endpoint: http://collector:4317
${exporter}
service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlp]
${service}`;
}

describe("readConfiguration", () => {
  it("reads a file of the Collector and fills in the defaults", async () => {
    const configuration = await read(file());
    expect(configuration.receivers.get("otlp")?.config).toEqual({
      protocols: { grpc: { endpoint: { host: "localhost", port: 4317 } } },
    });
    expect(configuration.processors.get("batch")?.config).toEqual({ size: 8192 });
    expect(configuration.exporters.get("otlp")?.config).toMatchObject({
      compression: "gzip",
      headers: {},
      retry_on_failure: { enabled: true, initial_interval: 5000 },
    });
    expect(configuration.exporters.get("otlp")?.plugin.names[0]).toBe("otlp_grpc");
    expect(configuration.pipelines).toEqual([
      { id: "traces", signal: "traces", receivers: ["otlp"], processors: ["batch"], exporters: ["otlp"] },
    ]);
    expect(configuration.service).toEqual({ telemetry: { level: "info" } });
    expect(configuration.warnings).toEqual([]);
  });

  it("reads all kinds of values", async () => {
    const configuration = await read(
      file(`    headers: { x-tenant: 42, y: "a: b" }
    compression: none
    max: 20MiB
    tags: [a, 7]
    level: 3
    upper: shout
    retry_on_failure: { enabled: false, initial_interval: 1m30s }`),
    );
    expect(configuration.exporters.get("otlp")?.config).toMatchObject({
      headers: { "x-tenant": "42", y: "a: b" },
      compression: "none",
      max: 20 * 2 ** 20,
      tags: ["a", "7"],
      level: 3,
      upper: "SHOUT",
      retry_on_failure: { enabled: false, initial_interval: 90_000 },
    });
  });

  it("tells `grpc:` from no grpc at all", async () => {
    const without = file().replace("      grpc:\n", "");
    expect((await read(without)).receivers.get("otlp")?.config).toEqual({ protocols: { grpc: undefined } });
  });

  it("reads several components of a type and several pipelines of a signal", async () => {
    const configuration = await read(
      file(
        "  otlp/b: { endpoint: http://b }\n  debug:",
        `    traces/slow: { receivers: [otlp], exporters: [otlp/b, debug] }
    logs: { receivers: [otlp], exporters: [otlp/b] }`,
      ),
    );
    expect([...configuration.exporters.keys()]).toEqual(["otlp", "otlp/b", "debug"]);
    expect(configuration.pipelines.map(({ id, signal }) => [id, signal])).toEqual([
      ["traces", "traces"],
      ["traces/slow", "traces"],
      ["logs", "logs"],
    ]);
  });

  it("replaces references to the environment, anchors and merge keys", async () => {
    const configuration = await read(
      file(
        "    <<: &shared { compression: zstd }\n    level: ${env:LEVEL}\n  otlp/b:\n    <<: *shared\n    endpoint: ${env:E}",
      ).replace("exporters: [otlp]", "exporters: [otlp, otlp/b]"),
      { LEVEL: "5", E: "http://e" },
    );
    expect(configuration.exporters.get("otlp")?.config).toMatchObject({ compression: "zstd", level: 5 });
    expect(configuration.exporters.get("otlp/b")?.config).toMatchObject({ compression: "zstd", endpoint: "http://e" });
  });

  it("names the place of an unknown key and the key that was meant", async () => {
    expect(await problemsOf(file("    retry_on_failur: {}"))).toEqual([
      "relay.yaml:10:5 exporters.otlp.retry_on_failur: unknown key; did you mean retry_on_failure?",
    ]);
  });

  it.each([
    ["    compression: gzpi", 'compression: cannot be "gzpi"; did you mean gzip?'],
    ["    compression: lz4000", 'compression: cannot be "lz4000"; known: gzip, none, zstd'],
    [
      "    retry_on_failure: { initial_interval: 5 }",
      'initial_interval: must be a duration such as "200ms" or "1m30s", not the number 5',
    ],
    ["    retry_on_failure: { initial_interval: -5s }", "initial_interval: must be a duration"],
    ["    retry_on_failure: { enabled: yes please }", "enabled: must be true or false, not this text"],
    ["    retry_on_failure: [1]", "retry_on_failure: must be a section with keys such as enabled, initial_interval"],
    ["    level: 12", "level: must be a whole number from 1 to 9, not the number 12"],
    ["    level: 1.5", "level: must be a whole number from 1 to 9, not the number 1.5"],
    ["    max: plenty", 'max: must be a size such as 1048576 or "20MiB", not this text'],
    ["    headers: [a]", "headers: must be a section of names and values"],
    ["    headers: { a: [b] }", "headers.a: must be a text, not a list"],
    ["    tags: a", "tags: must be a list, such as [one, two]"],
    ["    tags: [a, { b: c }]", "tags[1]: must be a text, not a section"],
    ["    old: 1", "old: not supported: it went away"],
  ])("explains what is wrong with %s", async (line, message) => {
    const problems = await problemsOf(file(line));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("relay.yaml:10:");
    expect(problems[0]).toContain(message);
  });

  it("never shows a text of the file, which may be a secret", async () => {
    expect((await problemsOf(file("    level: hunter2"))).join("\n")).not.toContain("hunter2");
  });

  it("says which required key is missing, at the section that lacks it", async () => {
    expect(await problemsOf(file().replace("    endpoint: http://collector:4317\n", ""))).toEqual([
      "relay.yaml:8:3 exporters.otlp.endpoint: is required: a text",
    ]);
  });

  it("asks conditions of its own only about values that read well", async () => {
    expect(await problemsOf(file().replace("http://collector:4317", "collector"))).toEqual([
      "relay.yaml:9:5 exporters.otlp.endpoint: needs a scheme",
    ]);
    expect(await problemsOf(file().replace("http://collector:4317", "[x]"))).toHaveLength(1);
  });

  it("passes on what a schema of another library says", async () => {
    expect(await problemsOf(file().replace("batch:\n", "batch: { size: 1.5 }\n"))).toEqual([
      "relay.yaml:6:12 processors.batch.size: must be whole",
    ]);
  });

  it("says that a component is not supported, and which are", async () => {
    expect(await problemsOf(file("  kafka:\n  debig:"))).toEqual([
      'relay.yaml:10:3 exporters.kafka: there is no exporter of type "kafka" here; known: debug, otlp, otlp_grpc',
      'relay.yaml:11:3 exporters.debig: there is no exporter of type "debig" here; did you mean debug? Known: debug, otlp_grpc',
    ]);
  });

  it("says it once when an unsupported component is also used", async () => {
    expect(await problemsOf(file("  kafka:").replace("exporters: [otlp]", "exporters: [otlp, kafka]"))).toHaveLength(1);
  });

  it.each([
    ["traces:", "trace:", 'service.pipelines.trace: "trace" is no signal; did you mean traces?'],
    ["receivers: [otlp]", "receivers: []", "service.pipelines.traces: has no receivers, so nothing would come in"],
    ["exporters: [otlp]", "exporters:", "service.pipelines.traces: has no exporters, so nothing would go out"],
    [
      "exporters: [otlp]",
      "exporters: [otpl]",
      "service.pipelines.traces.exporters[0]: otpl is not defined under exporters; did you mean otlp?",
    ],
    ["exporters: [otlp]", "exporters: [otlp, otlp]", "exporters[1]: otlp is named twice"],
    ["exporters: [otlp]", "exporter: [otlp]", "exporter: unknown key; did you mean exporters?"],
    ["processors:\n", "processor:\n", "processor: unknown key; did you mean processors?"],
    ["  pipelines:", "  pipeline:", "pipeline: unknown key; did you mean pipelines?"],
    ["service:", "service:\n  extensions: [health]", "extensions[0]: health is not defined under extensions"],
  ])("finds %s written as %s", async (good, bad, message) => {
    expect((await problemsOf(file().replace(good, bad))).join("\n")).toContain(message);
  });

  it("reports everything at once, in the order of the file", async () => {
    const problems = await problemsOf(file("    levle: 1\n    max: x", "    spans: { receivers: [otlp] }"));
    expect(problems.map((line) => line.split(" ")[0])).toEqual([
      "relay.yaml:10:5",
      "relay.yaml:11:5",
      "relay.yaml:18:5",
      "relay.yaml:18:5",
    ]);
  });

  it("warns about what is defined and not used, and does not hand it over", async () => {
    const configuration = await read(file("  debug:") + "extensions:\n  health_check:\n");
    expect(configuration.warnings).toEqual([
      "relay.yaml:10:3 exporters.debug: is not named in a pipeline, so it is not started",
      "relay.yaml:18:3 extensions.health_check: is not named in service.extensions, so it is not started",
    ]);
    expect(configuration.exporters.has("debug")).toBe(false);
    expect(configuration.extensions.size).toBe(0);
  });

  it("warns about keys without effect and variables that are not set", async () => {
    expect((await read(file("    buffer: 1\n    upper: ${env:NONE}"))).warnings).toEqual([
      "relay.yaml:10:5 exporters.otlp.buffer: has no effect: memory is pooled",
      "relay.yaml:11:5 exporters.otlp.upper: the environment variable NONE is not set; it is read as empty",
    ]);
  });

  it.each(["", "# nothing", "just text", "[a, list]"])("refuses a file that holds only %j", async (yaml) => {
    expect((await problemsOf(yaml)).join("\n")).toContain("holds no configuration");
  });

  it("says where YAML itself is broken", async () => {
    expect((await problemsOf("receivers:\n  otlp: [1, 2\nservice:\n"))[0]).toMatch(
      /^relay\.yaml:\d+:\d+ not valid YAML: /u,
    );
    expect((await problemsOf("receivers: *nowhere"))[0]).toContain("not valid YAML");
  });

  it("lets the program look at the whole, in the order of the file", async () => {
    const reading = readConfiguration<typeof plugins, Service>(
      { text: file(), file: "relay.yaml", environment: {} },
      {
        ...language,
        check({ exporters, receivers }, report) {
          for (const id of exporters.keys()) report("error", ["exporters", id], "is not wanted");
          for (const id of receivers.keys()) report("warning", ["receivers", id], "is odd");
        },
      },
    );
    await expect(reading).rejects.toThrow(/^relay\.yaml:8:3 exporters\.otlp: is not wanted$/);
  });

  it("refuses a name without a type", async () => {
    expect(await problemsOf(file("  /b: {}\n  otlp/: {}"))).toEqual([
      "relay.yaml:10:3 exporters./b: is no name of a component; write TYPE or TYPE/NAME",
      "relay.yaml:11:3 exporters.otlp/: is no name of a component; write TYPE or TYPE/NAME",
    ]);
  });
});

describe("hostPort", () => {
  const addressOf = (value: unknown): unknown => hostPort["~standard"].validate(value);

  it.each([
    ["localhost:4317", { host: "localhost", port: 4317 }],
    [":4317", { host: "", port: 4317 }],
    ["0.0.0.0:0", { host: "0.0.0.0", port: 0 }],
    ["[::1]:4317", { host: "::1", port: 4317 }],
  ])("reads %s", (value, address) => {
    expect(addressOf(value)).toEqual({ value: address });
  });

  it.each(["localhost", "localhost:", "a:b", "localhost:99999", "http://localhost:4317", "::1:4317", 4317])(
    "refuses %s",
    (value) => {
      expect(addressOf(value)).toHaveProperty("issues");
    },
  );
});

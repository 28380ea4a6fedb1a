import { signalNames } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClientOptions } from "../../options.ts";
import { requireUsable } from "../require-usable.ts";
import type { Settings } from "../settings.ts";
import { settle } from "../settle.ts";
import { fromEnvironment } from "./from-environment.ts";
import type { Environment } from "./variables.ts";

// What the vectors in vectors.node.test.ts do not reach of group I, through the whole of reading and settling.

interface Settled extends Settings {
  readonly warnings: readonly string[];
}

function settled(environment: Environment, options: ClientOptions = {}): Settled {
  const warnings: string[] = [];
  const warn = (warning: string): void => void warnings.push(warning);
  const found = fromEnvironment(environment, warn, (path) => {
    throw new Error(`there is no ${path}`);
  });
  return { ...settle(options, found, { language: "nodejs", executable: "node" }, warn), warnings };
}

const otlp = (name: string, value: string): Environment => ({ [`OTEL_EXPORTER_OTLP_${name}`]: value });

describe("the environment of a client", () => {
  it("says nothing when it is empty, or all in it is (I-19)", () => {
    const names = [
      "ENDPOINT",
      "PROTOCOL",
      "HEADERS",
      "COMPRESSION",
      "TIMEOUT",
      "CERTIFICATE",
      "CLIENT_KEY",
      "INSECURE",
    ];
    const prefixes = ["OTEL_EXPORTER_OTLP", "OTEL_EXPORTER_OTLP_TRACES"];
    const others = ["OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BLRP_SCHEDULE_DELAY", "OTEL_RESOURCE_ATTRIBUTES", "HTTP_PROXY"];
    const all = [...prefixes.flatMap((prefix) => names.map((name) => `${prefix}_${name}`)), ...others, "NO_PROXY"];
    const empty = Object.fromEntries(all.map((name, at) => [name, at % 2 === 0 ? "" : "  "]));
    expect(settled(empty)).toEqual(settled({}));
    expect(settled(empty).warnings).toEqual([]);
  });

  it.each([
    ["PROTOCOL", "http/json", "grpc", "protocol"],
    ["COMPRESSION", "gzip", "none", "compression"],
    ["TIMEOUT", 5, 6, "timeoutMs"],
    ["INSECURE", true, false, "insecure"],
  ])("hears %s for all signals and for each (I-01)", (name, forAll, forSignal, setting) => {
    for (const signal of ["traces", "metrics", "logs"] as const) {
      const { signals, warnings } = settled({
        ...otlp(name, String(forAll)),
        ...otlp(`${signal.toUpperCase()}_${name}`, String(forSignal)),
      });
      const expected = Object.fromEntries(signalNames.map((each) => [each, each === signal ? forSignal : forAll]));
      const actual = Object.entries(signals).map(([each, settings]) => [each, settings[setting as "timeoutMs"]]);
      expect(Object.fromEntries(actual)).toEqual(expected);
      expect(warnings).toEqual([]);
    }
  });

  it("speaks other protocols for other signals (I-16, I-17)", () => {
    const { signals } = settled({ ...otlp("PROTOCOL", "grpc"), ...otlp("LOGS_PROTOCOL", "http/json") });
    expect(signals.traces).toMatchObject({ protocol: "grpc", url: "http://localhost:4317" });
    expect(signals.logs).toMatchObject({ protocol: "http/json", url: "http://localhost:4318" });
  });

  it("adds headers for a signal to those for all, key by key (I-13)", () => {
    const { signals } = settled({ ...otlp("HEADERS", "A=1,b=2"), ...otlp("TRACES_HEADERS", "a=3") });
    expect(signals.traces.headers).toEqual({ a: "3", b: "2" });
    expect(signals.metrics.headers).toEqual({ a: "1", b: "2" });
  });

  it("never shows what may be a secret: values of headers", () => {
    const { warnings } = settled(
      otlp("HEADERS", "secret1,x=secret2%zz,y=%0Asecret3,=secret4,z=secret5;q=1,ä=secret6,w=%C4%80"),
    );
    expect(warnings).toEqual([
      'a member of OTEL_EXPORTER_OTLP_HEADERS is ignored: it is not "name=value"',
      'a member of OTEL_EXPORTER_OTLP_HEADERS is ignored: the value of "x" is not a text that a header can have',
      'a member of OTEL_EXPORTER_OTLP_HEADERS is ignored: the value of "y" is not a text that a header can have',
      'a member of OTEL_EXPORTER_OTLP_HEADERS is ignored: the value of "z" is not a text that a header can have',
      'a member of OTEL_EXPORTER_OTLP_HEADERS is ignored: "ä" is not the name of a header',
      'a member of OTEL_EXPORTER_OTLP_HEADERS is ignored: the value of "w" is not a text that a header can have',
    ]);
  });

  it.each([
    ["I-21", "OTEL_BSP_SCHEDULE_DELAY", "abc"],
    ["I-21", "OTEL_BSP_SCHEDULE_DELAY", "10s"],
    ["I-21", "OTEL_BLRP_EXPORT_TIMEOUT", "1e3"],
    ["I-21", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "0x10"],
    ["I-22", "OTEL_BSP_MAX_QUEUE_SIZE", "-1"],
    ["I-22", "OTEL_BSP_MAX_QUEUE_SIZE", "0"],
    ["I-22", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "0"],
    ["I-23", "OTEL_BSP_SCHEDULE_DELAY", "-1"],
    ["I-23", "OTEL_METRIC_EXPORT_TIMEOUT", "-30000"],
    ["I-24", "OTEL_BSP_SCHEDULE_DELAY", "2147483648"],
    ["I-25", "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "Brotli"],
    ["I-25", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/Thrift"],
    ["I-20", "OTEL_SDK_DISABLED", "yes"],
    ["I-37", "OTEL_CONFIG_FILE", "otel.yaml"],
  ])("warns once of what makes no sense, with name and text, and goes on (%s: %s=%s)", (_row, name, value) => {
    const { warnings, ...settings } = settled({ [name]: value });
    expect(warnings).toEqual([expect.stringContaining(`${name}="${value}"`)]);
    expect({ ...settings, warnings: [] }).toEqual(settled({}));
  });

  it("falls back to what is said for all when what is said for a signal makes no sense", () => {
    const { signals, warnings } = settled({
      ...otlp("TIMEOUT", "7"),
      ...otlp("LOGS_TIMEOUT", "soon"),
      ...otlp("ENDPOINT", "http://all"),
      ...otlp("LOGS_ENDPOINT", "nowhere"),
    });
    expect(signals.logs).toMatchObject({ timeoutMs: 7, url: "http://all", path: undefined });
    expect(warnings).toHaveLength(2);
  });

  it.each([
    ["http/protobuf", "collector:4318"],
    ["http/json", "ftp://collector"],
    ["http/protobuf", "http://"],
    ["http/protobuf", "/v1/traces"],
    ["grpc", "http://"],
    ["grpc", "ftp://collector"],
    ["grpc", "two words"],
  ])("goes to the default where %s cannot reach %s", (protocol, endpoint) => {
    const { signals, warnings } = settled({ ...otlp("PROTOCOL", protocol), ...otlp("ENDPOINT", endpoint) });
    expect(signals.traces.url).toBe(`http://localhost:${protocol === "grpc" ? 4317 : 4318}`);
    expect(warnings).toEqual([
      `OTEL_EXPORTER_OTLP_ENDPOINT="${endpoint}" is nothing that ${protocol} can reach; it is ignored`,
    ]);
    requireUsable(signals.traces);
  });

  it.each(["collector", "collector:4317", "[::1]:4317", "dns:///collector:4317", "ipv4:10.0.0.1:4317", "unix:/run/x"])(
    "lets gRPC go to %s (A-05)",
    (endpoint) => {
      const { signals, warnings } = settled(otlp("ENDPOINT", endpoint), { protocol: "grpc" });
      expect(signals.logs.url).toBe(endpoint);
      expect(warnings).toEqual([]);
      requireUsable(signals.logs);
    },
  );

  it("shows no password and no key of an endpoint", () => {
    const { warnings } = settled({
      ...otlp("PROTOCOL", "grpc"),
      ...otlp("ENDPOINT", "https://user:pass@word@h:1/p?key=secret"),
      ...otlp("LOGS_ENDPOINT", "ftp://user:secret@h/x#secret"),
    });
    expect(warnings).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT="https://h:1/p" has a path, which means nothing to gRPC; it is left out',
      'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT="ftp://h/x" is nothing that grpc can reach; it is ignored',
    ]);
  });

  it("gives way to whatever the program says (I-27)", () => {
    const environment = { ...otlp("TRACES_TIMEOUT", "1"), ...otlp("TRACES_ENDPOINT", "http://traces") };
    const { signals } = settled(environment, { timeoutMs: 2, endpoint: "http://program" });
    expect(signals.traces).toMatchObject({ timeoutMs: 2, url: "http://program", path: undefined });
  });

  it("does not warn of an endpoint that nobody asks for", () => {
    expect(settled(otlp("ENDPOINT", "nowhere"), { endpoint: "http://program" }).warnings).toEqual([]);
  });

  it("takes what a batch processor is told as the buffer of spans and of log records (I-28, I-29)", () => {
    const { signals, warnings } = settled({
      OTEL_BSP_SCHEDULE_DELAY: "1",
      OTEL_BSP_EXPORT_TIMEOUT: "2",
      OTEL_BSP_MAX_QUEUE_SIZE: "4",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "3",
      OTEL_BLRP_SCHEDULE_DELAY: "0",
      OTEL_BLRP_EXPORT_TIMEOUT: "0",
      OTEL_BLRP_MAX_QUEUE_SIZE: "2147483647",
      OTEL_METRIC_EXPORT_TIMEOUT: "5",
    });
    expect(signals.traces).toMatchObject({ maxAgeMs: 1, giveUpAfterMs: 2, maxQueueItems: 4, maxBatchItems: 3 });
    expect(signals.logs).toMatchObject({
      maxAgeMs: 0,
      giveUpAfterMs: Infinity,
      maxQueueItems: 2_147_483_647,
      maxBatchItems: 8192,
    });
    expect(signals.metrics).toMatchObject({ giveUpAfterMs: 5, maxQueueItems: Infinity });
    expect(warnings).toEqual([]);
  });

  it("makes no request larger than the queue (I-28)", () => {
    const { signals, warnings } = settled({ OTEL_BSP_MAX_QUEUE_SIZE: "100", OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "200" });
    expect(signals.traces.maxBatchItems).toBe(100);
    expect(warnings).toEqual([
      'OTEL_BSP_MAX_EXPORT_BATCH_SIZE="200" is more than OTEL_BSP_MAX_QUEUE_SIZE, 100; it is ignored',
    ]);
  });

  it.each([
    ["a=b,c=d", { a: "b", c: "d" }],
    [" a = b , c = d ,", { a: "b", c: "d" }],
    ["a=b%2Cc%3Dd", { a: "b,c=d" }],
    ["a%2Cb=c", { "a,b": "c" }],
    ["a=b=c", { a: "b=c" }],
    ["a=b+c", { a: "b+c" }],
    ["a=%C3%A9", { a: "é" }],
    ["a=", { a: "" }],
    ["n=1", { n: "1" }],
    ["a=b,a=c", { a: "c" }],
  ])("takes resource attributes from %s (I-35)", (text, expected) => {
    const { resource, warnings } = settled({ OTEL_RESOURCE_ATTRIBUTES: text });
    expect(resource.attributes).toEqual({ ...settled({}).resource.attributes, ...expected });
    expect(warnings).toEqual([]);
  });

  it.each(["good=1,bad=%zz", "good=1,bad", "good=1,=bad", "good=1,bad=%ff"])(
    "takes none of %s, as one member cannot be read (I-35)",
    (text) => {
      const { resource, warnings } = settled({ OTEL_RESOURCE_ATTRIBUTES: text, OTEL_SERVICE_NAME: "shop" });
      expect(resource.attributes).toEqual({ ...settled({}).resource.attributes, "service.name": "shop" });
      expect(warnings).toEqual([expect.stringContaining(`OTEL_RESOURCE_ATTRIBUTES="${text}"`)]);
    },
  );

  it("lets OTEL_SERVICE_NAME win over the attribute, and the program over both (I-36)", () => {
    const environment = { OTEL_RESOURCE_ATTRIBUTES: "service.name=attribute,x=1", OTEL_SERVICE_NAME: "name" };
    const nameOf = (...given: Parameters<typeof settled>) => settled(...given).resource.attributes["service.name"];
    expect(nameOf({ OTEL_RESOURCE_ATTRIBUTES: "service.name=attribute" })).toBe("attribute");
    expect(nameOf(environment)).toBe("name");
    expect(nameOf(environment, { resource: { "service.name": "program" } })).toBe("program");
    expect(nameOf({})).toBe("unknown_service:node");
  });

  it("is disabled by the one word (I-20, I-37)", () => {
    const disabled = ["true", "TRUE", "True", "false", "1", "yes", ""].filter(
      (text) => settled({ OTEL_SDK_DISABLED: text }).disabled,
    );
    expect(disabled).toEqual(["true", "TRUE", "True"]);
  });

  it("makes settings that can be used, and never throws, whatever it says", () => {
    const names = [
      ...["", "TRACES_", "LOGS_"].flatMap((signal) =>
        ["ENDPOINT", "PROTOCOL", "HEADERS", "COMPRESSION", "TIMEOUT", "INSECURE", "CERTIFICATE", "CLIENT_KEY"].map(
          (name) => `OTEL_EXPORTER_OTLP_${signal}${name}`,
        ),
      ),
      ...["SCHEDULE_DELAY", "EXPORT_TIMEOUT", "MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE"].map(
        (name) => `OTEL_BSP_${name}`,
      ),
      "OTEL_RESOURCE_ATTRIBUTES",
      "OTEL_SERVICE_NAME",
      "OTEL_SDK_DISABLED",
      "http_proxy",
      "HTTPS_PROXY",
      "no_proxy",
      "NO_PROXY",
    ];
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "grpc",
        "http/json",
        "h:1",
        "https://h/p?q",
        "http://user:word@h:0x10/%zz#f",
        "10.0.0.0/8,h:1,[::1]:2,::3",
        "unix:/x",
        "a=b,c=%41;d",
        "10.0.0.0/33",
        "*",
        "TRUE",
      ),
      fc.integer().map(String),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), text), (environment) => {
        const { signals, warnings } = settled(environment);
        for (const settings of Object.values(signals)) requireUsable(settings);
        expect(warnings.every((warning) => names.some((name) => warning.includes(name)))).toBe(true);
      }),
    );
  });
});

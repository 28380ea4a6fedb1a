import { signalNames } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import type { ClientOptions } from "../options.ts";
import type { EnvironmentOptions } from "./environment-options.ts";
import type { Settings, SignalSettings } from "./settings.ts";
import { settle } from "./settle.ts";

function settled(options: ClientOptions = {}, environment: EnvironmentOptions = {}): Settings {
  return settle(options, environment, { language: "webjs" }, () => {});
}

const tracesOf = (...given: Parameters<typeof settled>): SignalSettings => settled(...given).signals.traces;

/** An environment that says the same of every signal. */
function saying(said: NonNullable<EnvironmentOptions["signals"]>["traces"]): EnvironmentOptions {
  return { signals: { traces: said, metrics: said, logs: said, profiles: said } };
}

describe("settle, when nobody says anything", () => {
  it("has a default for everything", () => {
    const settings = settled();
    const { signals } = settings;
    expect(settings).toEqual({
      signals,
      resource: { attributes: expect.objectContaining({ "service.name": "unknown_service" }) },
      maxBufferBytes: 67_108_864,
      maxConcurrent: 8,
      whenFull: "drop-newest",
      disabled: false,
    });
    expect(signals.traces).toEqual({
      protocol: "http/protobuf",
      url: "http://localhost:4318",
      path: undefined,
      insecure: false,
      headers: {},
      credentials: undefined,
      allowCleartext: false,
      compression: "none",
      timeoutMs: 10_000,
      attemptTimeoutMs: undefined,
      tls: undefined,
      proxy: undefined,
      userAgent: undefined,
      maxRequestBytes: 4_194_304,
      maxResponseBytes: 4_194_304,
      maxBatchItems: 8192,
      maxAgeMs: 5000,
      maxQueueItems: Infinity,
      giveUpAfterMs: 300_000,
    });
    expect(signalNames.map((name) => signals[name].maxAgeMs)).toEqual([5000, 0, 1000, 0]);
  });

  it("sends gRPC to its own port (I-02)", () => {
    const { signals } = settled({ protocol: "http/json", metrics: { protocol: "grpc" } });
    expect(signals.metrics.url).toBe("http://localhost:4317");
    expect(signals.logs.url).toBe("http://localhost:4318");
  });

  it("describes a program that does not describe itself", () => {
    const attributesOn = (executable?: string) =>
      settle({}, {}, { language: "nodejs", ...(executable === undefined ? {} : { executable }) }, () => {}).resource;
    expect(attributesOn("bun").attributes).toEqual({
      "service.name": "unknown_service:bun",
      "telemetry.sdk.name": "otlpkit",
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.version": expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(attributesOn().attributes["service.name"]).toBe("unknown_service");
  });
});

describe("settle, when several say something", () => {
  const everybody = {
    environment: saying({ timeoutMs: 1, compression: "gzip", insecure: true, maxAgeMs: 1, userAgent: "env" }),
    options: { timeoutMs: 2, maxAgeMs: 2, userAgent: "all", traces: { timeoutMs: 3, userAgent: "traces" } },
  };

  it("listens to what the program says of one signal, then of all, then to the environment (I-01, I-27)", () => {
    const { signals } = settled(everybody.options, everybody.environment);
    expect(signals.traces).toMatchObject({ timeoutMs: 3, maxAgeMs: 2, userAgent: "traces", compression: "gzip" });
    expect(signals.logs).toMatchObject({ timeoutMs: 2, maxAgeMs: 2, userAgent: "all", insecure: true });
    expect(signals.profiles).toMatchObject({ timeoutMs: 2, userAgent: "all" });
  });

  it("can be talked out of what the environment says", () => {
    const environment = saying({ insecure: true, compression: "gzip", timeoutMs: 5 });
    expect(tracesOf({ insecure: false, compression: "none", timeoutMs: 0 }, environment)).toMatchObject({
      insecure: false,
      compression: "none",
      timeoutMs: Infinity,
    });
  });

  it("does not take undefined for an answer", () => {
    const options = { timeoutMs: undefined, traces: { compression: undefined } } as unknown as ClientOptions;
    expect(tracesOf(options, saying({ timeoutMs: 7, compression: "gzip" }))).toMatchObject({
      timeoutMs: 7,
      compression: "gzip",
    });
    const resource = { "service.name": undefined };
    expect(settled({ resource }, { resource: { "service.name": "shop" } }).resource.attributes).toMatchObject({
      "service.name": "shop",
    });
  });

  it("adds headers up, by name in any case, and the later word replaces the earlier (I-13)", () => {
    const environment = saying({ headers: { a: "environment", b: "environment", c: "environment" } });
    const options = { headers: { B: "all", C: "all" }, traces: { headers: { c: "traces", D: "traces" } } };
    const { signals } = settled(options, environment);
    expect(signals.traces.headers).toEqual({ a: "environment", b: "all", c: "traces", d: "traces" });
    expect(signals.metrics.headers).toEqual({ a: "environment", b: "all", c: "all" });
  });

  it("keeps a header of any name, even one that objects know", () => {
    const headers = JSON.parse('{"__proto__":"odd","constructor":"odd"}') as Record<string, string>;
    expect(Object.entries(tracesOf({ headers }).headers)).toEqual([
      ["__proto__", "odd"],
      ["constructor", "odd"],
    ]);
  });

  it("puts the program's resource over the environment's over the default (I-36)", () => {
    const { attributes } = settled(
      { resource: { "service.name": "program", "service.version": "1" } },
      { resource: { "service.name": "environment", "host.name": "here" } },
    ).resource;
    expect(attributes).toMatchObject({
      "service.name": "program",
      "service.version": "1",
      "host.name": "here",
      "telemetry.sdk.name": "otlpkit",
    });
  });

  it("takes an endpoint for all as a base, and one for a signal as it stands (I-03, I-04)", () => {
    const environment: EnvironmentOptions = { placeFor: () => ({ url: "http://environment", path: "" }) };
    const { signals } = settled({ endpoint: "http://all/base", logs: { endpoint: "http://logs/x" } }, environment);
    expect(signals.traces).toMatchObject({ url: "http://all/base", path: undefined });
    expect(signals.logs).toMatchObject({ url: "http://logs/x", path: "" });
    expect(tracesOf({}, environment)).toMatchObject({ url: "http://environment", path: "" });
  });

  it("asks the environment for an endpoint by protocol, but not by one that a transport of your own may not speak", () => {
    const asked: unknown[] = [];
    const environment: EnvironmentOptions = {
      placeFor: (signal, protocol) => void (signal === "traces" && asked.push(protocol)),
    };
    settled({ protocol: "grpc" }, environment);
    settled({ protocol: "grpc", transport: { name: "mine", connect: () => undefined as never } }, environment);
    expect(asked).toEqual(["grpc", undefined]);
  });

  it("reaches endpoints through the environment's proxy unless the program says otherwise", () => {
    const environment: EnvironmentOptions = {
      proxyFor: (endpoint, insecure) => `http://proxy-for/${endpoint}?insecure=${insecure}`,
    };
    expect(tracesOf({ endpoint: "h:1", insecure: true }, environment).proxy).toBe("http://proxy-for/h:1?insecure=true");
    expect(tracesOf({ proxy: "http://other" }, environment).proxy).toBe("http://other");
    expect(tracesOf({ proxy: false }, environment).proxy).toBeUndefined();
    expect(tracesOf({ proxy: "http://other", traces: { proxy: false } }).proxy).toBeUndefined();
  });

  it("adds certificates up, the program's pair replacing the environment's", () => {
    const environment = saying({ tls: { ca: "CA", cert: "CERT", key: "KEY" } });
    expect(tracesOf({ tls: { serverName: "x" } }, environment).tls).toEqual({
      ca: "CA",
      cert: "CERT",
      key: "KEY",
      serverName: "x",
    });
    const own = { cert: "own CERT" };
    expect(tracesOf({ tls: own, traces: { tls: { key: "own KEY" } } }, environment).tls).toEqual({
      ca: "CA",
      cert: "own CERT",
      key: "own KEY",
    });
  });

  it("hands the same certificates to all signals that have the same, so that they can share connections", () => {
    const tls = { ca: new Uint8Array([1]) };
    const { signals } = settled({ tls, logs: { tls: { serverName: "x" } } });
    expect(signals.traces.tls).toBe(tls);
    expect(signals.metrics.tls).toBe(tls);
    expect(signals.logs.tls).toEqual({ ...tls, serverName: "x" });
  });

  it("is disabled by the environment (I-37)", () => {
    expect(settled({}, { disabled: true }).disabled).toBe(true);
  });
});

describe("settle, on limits", () => {
  it("takes 0 for no limit where it is a time to give up", () => {
    const { timeoutMs, attemptTimeoutMs, giveUpAfterMs } = tracesOf({
      timeoutMs: 0,
      attemptTimeoutMs: 0,
      giveUpAfterMs: 0,
    });
    expect([timeoutMs, attemptTimeoutMs, giveUpAfterMs]).toEqual([Infinity, Infinity, Infinity]);
  });

  it("makes no request larger than the queue, and says so (I-28)", () => {
    const warnings: string[] = [];
    const sizes = (options: ClientOptions) =>
      settle(options, {}, { language: "webjs" }, (warning) => warnings.push(warning)).signals.traces;
    expect(sizes({ maxQueueItems: 100 }).maxBatchItems).toBe(100);
    expect(warnings).toEqual([]);
    expect(sizes({ traces: { maxQueueItems: 100, maxBatchItems: 200 } }).maxBatchItems).toBe(100);
    expect(warnings).toEqual(["maxBatchItems 200 is more than maxQueueItems 100, which counts"]);
  });

  const numbers = {
    timeoutMs: 0,
    attemptTimeoutMs: 0,
    giveUpAfterMs: 0,
    maxAgeMs: 0,
    maxRequestBytes: 1,
    maxResponseBytes: 1,
    maxBatchItems: 1,
    maxQueueItems: 1,
    maxBufferBytes: 1,
    maxConcurrent: 1,
  };
  it.each(Object.entries(numbers))("refuses a %s below %d, or one that is no number", (name, least) => {
    expect(() => settled({ [name]: least })).not.toThrow();
    for (const wrong of [least - 1, Number.NaN, -Infinity, "5", 1n]) {
      expect(() => settled({ [name]: wrong }), String(wrong)).toThrow(RangeError);
      expect(() => settled({ [name]: wrong })).toThrow(`${name} must be a number from ${least} to `);
    }
  });

  it("refuses what a timer cannot wait for, as it would go off at once", () => {
    expect(() => settled({ maxAgeMs: 2 ** 31 - 1 })).not.toThrow();
    expect(() => settled({ maxAgeMs: 2 ** 31 })).toThrow("maxAgeMs must be a number from 0 to 2147483647");
  });

  it("checks what is said of one signal too", () => {
    expect(() => settled({ logs: { timeoutMs: -1 } })).toThrow("timeoutMs must be a number from 0 to Infinity, not -1");
  });

  it("refuses names that it does not know, and says which it knows", () => {
    const wrong = (options: object) => () => settled(options);
    expect(wrong({ protocol: "http" })).toThrow("protocol must be one of grpc, http/protobuf, http/json, not http");
    expect(wrong({ compression: "lz4" })).toThrow("compression must be one of none, gzip, zstd, br, deflate, not lz4");
    expect(wrong({ whenFull: "panic" })).toThrow("whenFull must be one of drop-newest, drop-oldest, sample, block");
    expect(wrong({ traces: { protocol: "" } })).toThrow(RangeError);
  });

  it("takes a compressor in place of a name", () => {
    const mine = { name: "mine", compress: () => undefined as never, decompress: () => undefined as never };
    expect(tracesOf({ compression: mine }).compression).toBe(mine);
  });

  it("refuses half a pair of certificate and key (I-11)", () => {
    for (const half of [{ cert: "x" }, { key: "x" }]) {
      expect(() => settled({ tls: half })).toThrow(RangeError);
      expect(() => settled({ metrics: { tls: half } })).toThrow("tls.cert and tls.key need each other");
    }
  });
});

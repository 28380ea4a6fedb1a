// The vectors of the specification's rules for variables, each through the whole of reading and settling.
import { protobufBatch, type Signal } from "@otlpkit/core";
import { goldenVector } from "@otlpkit/testkit/node";
import { fetchTransport } from "@otlpkit/transport-http/fetch";
import { describe, expect, it } from "vitest";
import type { Settings, SignalSettings } from "../settings.ts";
import { settle } from "../settle.ts";
import { fromEnvironment } from "./from-environment.ts";

type Environment = Record<string, string>;
interface Vectors {
  readonly http_endpoint: [Environment, Partial<Record<Signal, string>>, string][];
  readonly grpc_target: [Environment, { target: string; tls: boolean; warn?: boolean; signal?: Signal }, string][];
  readonly headers: [string, Record<string, string>, string][];
  readonly timeout_ms: [string | null, number | "no limit", string][];
  readonly protocol: [string | null, string, string][];
  readonly compression: [string | null, string, string][];
}
const vectors = JSON.parse(goldenVector("config-vectors.json")) as Vectors;

function settled(environment: Environment): Settings & { readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const warn = (warning: string): void => void warnings.push(warning);
  const found = fromEnvironment(environment, warn, () => {
    throw new Error("there are no files here");
  });
  return { ...settle({}, found, { language: "nodejs" }, warn), warnings: [...new Set(warnings)] };
}

/** The URL that a request of this signal goes to in the end. */
async function requested(signal: Signal, { url, path }: SignalSettings): Promise<string> {
  const asked: string[] = [];
  const sender = fetchTransport({
    ...(path === undefined ? {} : { paths: { [signal]: path } }),
    fetch(to) {
      asked.push((to as URL | string).toString());
      return Promise.resolve(new Response(null, { headers: { "content-type": "application/x-protobuf" } }));
    },
  }).connect({ url });
  await sender.send(protobufBatch(signal, new Uint8Array([10, 0]), 1), {});
  return asked.join(" and ");
}

describe("the variables of OTLP", () => {
  it.each(vectors.http_endpoint)("lead %j to %j (I-02 to I-06)", async (environment, urls) => {
    const { signals, warnings } = settled(environment);
    const expected = Object.entries(urls) as [Signal, string][];
    const actual = await Promise.all(
      expected.map(async ([signal]) => [signal, await requested(signal, signals[signal])]),
    );
    expect(actual).toEqual(expected);
    expect(warnings).toEqual([]);
  });

  it.each(vectors.grpc_target)("lead gRPC with %j to %j (A-04 to A-07, I-07)", (environment, expected) => {
    const { signals, warnings } = settled({ ...environment, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" });
    const { url, insecure } = signals[expected.signal ?? "logs"];
    const [, scheme, rest] = /^(?:(https?):\/\/)?(.*)$/.exec(url)!;
    expect({ target: rest, tls: scheme === undefined ? !insecure : scheme === "https" }).toEqual({
      target: expected.target,
      tls: expected.tls,
    });
    expect(warnings).toHaveLength(expected.warn === true ? 1 : 0);
  });

  it.each(vectors.headers)("take headers from %j (I-12)", (text, headers) => {
    const { signals, warnings } = settled({ OTEL_EXPORTER_OTLP_HEADERS: text });
    expect(signals.traces.headers).toEqual(headers);
    const leftOut = text.split(",").filter((member) => member.trim() !== "").length - Object.keys(headers).length;
    expect(warnings).toHaveLength(leftOut);
  });

  it.each(vectors.timeout_ms)("take a timeout from %j (I-15, I-19 to I-23)", (text, expected) => {
    const { signals, warnings } = settled(text === null ? {} : { OTEL_EXPORTER_OTLP_TIMEOUT: text });
    expect(signals.metrics.timeoutMs).toBe(expected === "no limit" ? Infinity : expected);
    const makesSense = text === null || text === "" || String(expected) === text || expected === "no limit";
    expect(warnings).toEqual(makesSense ? [] : [expect.stringContaining(`OTEL_EXPORTER_OTLP_TIMEOUT="${text}"`)]);
  });

  it.each(vectors.protocol)("take a protocol from %j (I-16, I-25)", (text, expected) => {
    const { signals, warnings } = settled(text === null ? {} : { OTEL_EXPORTER_OTLP_PROTOCOL: text });
    expect(signals.logs.protocol).toBe(expected);
    const strange = text !== null && text !== "" && text.toLowerCase() !== expected;
    expect(warnings).toEqual(strange ? [expect.stringContaining(`OTEL_EXPORTER_OTLP_PROTOCOL="${text}"`)] : []);
  });

  it.each(vectors.compression)("take a compression from %j (I-14)", (text, expected) => {
    const { signals, warnings } = settled(text === null ? {} : { OTEL_EXPORTER_OTLP_COMPRESSION: text });
    expect(signals.traces.compression).toBe(expected);
    const strange = text !== null && text.toLowerCase() !== expected;
    expect(warnings).toEqual(strange ? [expect.stringContaining(`OTEL_EXPORTER_OTLP_COMPRESSION="${text}"`)] : []);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endpointsIn, type EndpointSlice, type SliceOptions } from "./endpoint-slice.ts";

type SliceEndpoint = NonNullable<EndpointSlice["endpoints"]>[number];

const port = { name: "otlp", protocol: "TCP", port: 4317 };

function slice(endpoints: readonly SliceEndpoint[], more: Partial<EndpointSlice> = {}): EndpointSlice {
  return { addressType: "IPv4", endpoints, ports: [port], ...more };
}

function urls(slices: readonly EndpointSlice[], options: SliceOptions = {}): string[] {
  return endpointsIn(slices, options).map(({ url, draining }) => (draining === true ? `${url} (draining)` : url));
}

const at = (address: string, more: Partial<SliceEndpoint> = {}): SliceEndpoint => ({ addresses: [address], ...more });

describe("endpoints in slices", () => {
  it("are those that are ready, and those that do not say", () => {
    const all = [
      at("10.0.0.1", { conditions: { ready: true } }),
      at("10.0.0.2", { conditions: { ready: null } }),
      at("10.0.0.3", { conditions: {} }),
      at("10.0.0.4", { conditions: null }),
      at("10.0.0.5", { conditions: { ready: false } }),
      at("10.0.0.6", { conditions: { ready: false, serving: true } }),
    ];
    expect(urls([slice(all)])).toEqual([1, 2, 3, 4].map((number) => `http://10.0.0.${number}:4317`));
  });

  it("drain while they end and still serve, and are gone when they don't", () => {
    const all = [
      at("10.0.0.1", { conditions: { ready: false, serving: true, terminating: true } }),
      at("10.0.0.2", { conditions: { ready: false, serving: false, terminating: true } }),
      at("10.0.0.3", { conditions: { ready: true, serving: true, terminating: true } }),
    ];
    expect(urls([slice(all)])).toEqual(["http://10.0.0.1:4317 (draining)", "http://10.0.0.3:4317 (draining)"]);
  });

  it("have the port of that name, or number, or the first", () => {
    const ports = [
      { name: "metrics", protocol: "UDP", port: 9 },
      { name: "http", protocol: "TCP", port: 4318 },
      { name: "grpc", port: 4317 },
    ];
    const one = [slice([at("10.0.0.1")], { ports })];
    expect(urls(one)).toEqual(["http://10.0.0.1:4318"]);
    expect(urls(one, { port: "grpc" })).toEqual(["http://10.0.0.1:4317"]);
    expect(urls(one, { port: 4317 })).toEqual(["http://10.0.0.1:4317"]);
    expect(urls(one, { port: "otlp" })).toEqual([]);
    expect(urls(one, { port: "metrics" })).toEqual([]);
  });

  it("have the only port when it has no name", () => {
    for (const name of [null, "", undefined]) {
      const unnamed = [
        slice([at("10.0.0.1")], { ports: [name === undefined ? { port: 4317 } : { name, port: 4317 }] }),
      ];
      expect(urls(unnamed, { port: "" })).toEqual(["http://10.0.0.1:4317"]);
    }
    expect(urls([slice([at("10.0.0.1")], { ports: [{ name: "otlp", port: null }] })])).toEqual([]);
    expect(urls([slice([at("10.0.0.1")], { ports: null })], { port: 4317 })).toEqual(["http://10.0.0.1:4317"]);
    expect(urls([slice([at("10.0.0.1")], { ports: [] })])).toEqual([]);
  });

  it("speak TLS when their protocol says so", () => {
    const scheme = (appProtocol: string | null, options: SliceOptions = {}): string =>
      urls([slice([at("10.0.0.1")], { ports: [{ ...port, appProtocol }] })], options)[0]?.split(":")[0] ?? "";
    expect(["https", "grpcs", "kubernetes.io/wss"].map((name) => scheme(name))).toEqual(["https", "https", "https"]);
    expect(["http", "grpc", "kubernetes.io/h2c"].map((name) => scheme(name, { scheme: "https" }))).toEqual([
      "http",
      "http",
      "http",
    ]);
    expect(scheme(null, { scheme: "https" })).toBe("https");
    expect(scheme("example.com/otlp", { scheme: "https" })).toBe("https");
    expect(scheme(null)).toBe("http");
  });

  it("are known by their pods, with where they stand", () => {
    const pod = at("10.0.0.1", {
      targetRef: { name: "collector-0" },
      zone: "zone-a",
      nodeName: "node-7",
      hostname: "collector-0",
    });
    expect(endpointsIn([slice([pod])], {})).toEqual([
      {
        url: "http://10.0.0.1:4317",
        id: "collector-0",
        zone: "zone-a",
        metadata: { node: "node-7", hostname: "collector-0", pod: "collector-0" },
      },
    ]);
  });

  it("are there once when a pod is in two slices: the ready one, and the one with IPv4", () => {
    const pod = (address: string, terminating: boolean): SliceEndpoint =>
      at(address, {
        targetRef: { name: "collector-0" },
        conditions: { ready: !terminating, serving: true, terminating },
      });
    const four = (terminating: boolean): EndpointSlice => slice([pod("10.0.0.1", terminating)]);
    const six = slice([pod("fd00::1", false)], { addressType: "IPv6" });
    expect(urls([six, four(false)])).toEqual(["http://10.0.0.1:4317"]);
    expect(urls([four(true), four(false)])).toEqual(["http://10.0.0.1:4317"]);
    expect(urls([six])).toEqual(["http://[fd00::1]:4317"]);
  });

  it("may be names", () => {
    const names = [slice([at("otel.example.com")], { addressType: "FQDN" })];
    expect(urls(names)).toEqual(["http://otel.example.com:4317"]);
  });

  it("are those meant for our zone, when all say whom they are meant for", () => {
    const hinted = (address: string, ...zones: string[]): SliceEndpoint =>
      at(address, { hints: { forZones: zones.map((name) => ({ name })) } });
    const all = [hinted("10.0.0.1", "a"), hinted("10.0.0.2", "b"), hinted("10.0.0.3", "b", "c")];
    expect(urls([slice(all)], { ownZone: "b" })).toEqual(["http://10.0.0.2:4317", "http://10.0.0.3:4317"]);
    expect(urls([slice(all)], { ownZone: "z" })).toHaveLength(3);
    expect(urls([slice(all)])).toHaveLength(3);
    expect(urls([slice([...all, at("10.0.0.4")])], { ownZone: "b" })).toHaveLength(4);
  });

  it("are the same whatever the order of slices", () => {
    const pods = Array.from({ length: 8 }, (_, number) =>
      at(`10.0.0.${number}`, {
        targetRef: { name: `pod-${number % 5}` },
        conditions: { ready: number % 3 !== 0, serving: true, terminating: number % 3 === 0 },
      }),
    );
    const slices = [slice(pods.slice(0, 3)), slice(pods.slice(3, 6)), slice(pods.slice(6), { addressType: "IPv6" })];
    const ids = (order: readonly EndpointSlice[]): string[] =>
      endpointsIn(order, {})
        .map(({ id }) => id ?? "")
        .toSorted();
    fc.assert(
      fc.property(fc.shuffledSubarray(slices, { minLength: 3 }), (order) => {
        expect(ids(order)).toEqual(ids(slices));
      }),
      { numRuns: 20 },
    );
  });

  it("are none in what makes no sense", () => {
    const odd = [{}, { endpoints: null }, slice([{ addresses: null }, { addresses: [] }, at("")])];
    expect(urls(odd)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { signalNames, signals } from "./signal.ts";

describe("signals", () => {
  it("names the default paths of OTLP/HTTP (C-05, K-02)", () => {
    expect(signalNames.map((signal) => signals[signal].httpPath)).toEqual([
      "/v1/traces",
      "/v1/metrics",
      "/v1/logs",
      "/v1development/profiles",
    ]);
  });

  it("names the fully qualified gRPC methods (A-02)", () => {
    expect(signals.traces.grpcPath).toBe("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    expect(signals.profiles.grpcPath).toBe(
      "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
    );
  });
});

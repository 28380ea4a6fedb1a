import { describe, expect, it } from "vitest";
import { ExportError } from "@otlpkit/core";
import { targetOf } from "./target.ts";

describe("the target of an endpoint", () => {
  it.each([
    ["http://h:4317", { address: "h:4317", tls: false }],
    ["https://h:4317", { address: "h:4317", tls: true }],
    ["http://h", { address: "h:80", tls: false }],
    ["https://h", { address: "h:443", tls: true }],
    ["http://[::1]:4317", { address: "[::1]:4317", host: "::1", port: 4317 }],
    ["h:4317", { address: "h:4317", tls: true }],
    ["h", { address: "h:4317", tls: true }],
    ["localhost:4317", { host: "localhost", port: 4317, tls: true }],
    ["127.0.0.1:9", { host: "127.0.0.1", port: 9 }],
    ["[::1]:9", { host: "::1", port: 9 }],
    ["::1", { host: "::1", port: 4317 }],
    ["dns:///h:4317", { address: "h:4317", tls: true }],
    ["dns:h:4317", { address: "h:4317" }],
    ["dns://8.8.8.8/h:4317", { address: "h:4317" }],
    ["ipv4:10.0.0.1:4317", { address: "10.0.0.1:4317" }],
    ["ipv6:[::1]:4317", { address: "[::1]:4317" }],
    ["unix:///run/otlp.sock", { socketPath: "/run/otlp.sock", tls: false, address: "unix:/run/otlp.sock" }],
    ["unix:/run/otlp.sock", { socketPath: "/run/otlp.sock" }],
    ["unix:otlp.sock", { socketPath: "otlp.sock" }],
  ])("reads %s", (url, expected) => {
    expect(targetOf(url, false)).toMatchObject(expected);
  });

  it("lets the scheme beat `insecure`, and `insecure` decide where there is no scheme", () => {
    expect(targetOf("https://h:4317", true).tls).toBe(true);
    expect(targetOf("http://h:4317", false).tls).toBe(false);
    expect(targetOf("h:4317", true).tls).toBe(false);
    expect(targetOf("dns:///h:4317", true).tls).toBe(false);
  });

  it("notes a path that gRPC has no use for", () => {
    expect(targetOf("http://h:4317/v1/traces", false)).toMatchObject({ address: "h:4317", droppedPath: "/v1/traces" });
    expect(targetOf("http://h:4317/", false).droppedPath).toBeUndefined();
  });

  it.each(["", "ftp://h:1", "h:99999", "h:port", "http://", "unix:", "a b:1"])("refuses %j", (url) => {
    expect(() => targetOf(url, false)).toThrow(ExportError);
  });

  it("does not repeat a password", () => {
    expect(() => targetOf("ftp://me:secret@h", false)).toThrow(/^(?!.*secret).*ftp/);
  });
});

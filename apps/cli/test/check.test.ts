import { type Backend, grpcBackend, httpBackend, freePort } from "@otlpkit/testkit/node";
import { afterEach, describe, expect, it } from "vitest";
import { run } from "../src/cli.ts";
import type { Step } from "../src/check.ts";
import { recordingTerminal } from "./recording-terminal.ts";

const open: Backend[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((backend) => backend.close()));
});

async function check(...argv: string[]): Promise<{ code: number; steps: Map<string, Step>; text: string }> {
  const json = recordingTerminal();
  const code = await run(["check", ...argv, "--json"], json, {});
  const terminal = recordingTerminal();
  await run(["check", ...argv], terminal, {});
  const { steps } = JSON.parse(json.out[0] as string) as { steps: Step[] };
  return { code, steps: new Map(steps.map((step) => [step.name, step])), text: terminal.out.join("\n") };
}

describe("otlp check", () => {
  it("ticks off every step of an HTTP endpoint that works", async () => {
    const backend = await httpBackend();
    open.push(backend);
    const { code, steps, text } = await check(backend.url);
    expect(code).toBe(0);
    for (const name of ["address", "name", "TCP", "traces", "metrics", "logs", "profiles", "gzip"]) {
      expect(steps.get(name)?.outcome, name).toBe("ok");
    }
    expect(text).toMatch(/takes OTLP by http\/protobuf/);
  });

  it("ticks off every step of a gRPC endpoint that works", async () => {
    const backend = await grpcBackend();
    open.push(backend);
    const { code, steps } = await check(backend.url, "--protocol", "grpc");
    expect(code).toBe(0);
    expect(steps.get("traces")?.outcome).toBe("ok");
  });

  it("says that nobody listens, and what to do", async () => {
    const port = await freePort();
    const { code, steps } = await check(`http://127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(steps.get("TCP")).toMatchObject({ outcome: "failed", detail: expect.stringContaining("nobody listens") });
    expect(steps.get("TCP")?.advice).toMatch(/start the receiver/);
  });

  it("says that a name does not resolve", async () => {
    const { code, steps } = await check("http://no-such-host.invalid:4318");
    expect(code).toBe(1);
    expect(steps.get("name")?.outcome).toBe("failed");
  });

  it("tells missing credentials from everything else", async () => {
    const backend = await httpBackend();
    open.push(backend);
    backend.script({ kind: "refuse", httpStatus: 401, message: "token missing" });
    const { code, steps } = await check(backend.url);
    expect(code).toBe(1);
    expect(steps.get("credentials")?.advice).toMatch(/--header/);
  });

  it("suggests the other protocol when an HTTP/1 port is asked for gRPC", async () => {
    const backend = await httpBackend();
    open.push(backend);
    const { code, steps } = await check(backend.url, "--protocol", "grpc", "--timeout", "3s");
    expect(code).toBe(1);
    expect(steps.get("protocol")?.advice).toMatch(/http\/protobuf/);
  });

  it("tells who gave the path of a signal to leave it off", async () => {
    const backend = await httpBackend();
    open.push(backend);
    backend.script({ kind: "refuse", httpStatus: 404 });
    const { code, steps } = await check(`${backend.url}/v1/traces`);
    expect(code).toBe(1);
    expect(steps.get("traces")?.advice).toMatch(/leave \/v1\/traces off the endpoint/);
  });

  it("says that a port without TLS does not speak TLS", async () => {
    const backend = await httpBackend();
    open.push(backend);
    const { code, steps } = await check(backend.url.replace("http:", "https:"));
    expect(code).toBe(1);
    expect(steps.get("TLS")?.advice).toMatch(/http:\/\/ instead of https/);
    expect(steps.get("TLS")?.detail).toMatch(/^no handshake: [a-z ]+ \(ERR_SSL_[A-Z_]+\)$/);
  });
});

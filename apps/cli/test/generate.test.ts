import { scan } from "@otlpkit/otlp";
import { type Backend, httpBackend } from "@otlpkit/testkit/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../src/cli.ts";
import { recordingTerminal } from "./recording-terminal.ts";

let backend: Backend;
beforeEach(async () => {
  backend = await httpBackend();
});
afterEach(() => backend.close());

async function generate(
  ...argv: string[]
): Promise<{ code: number; result: Record<string, number>; progress: string[] }> {
  const terminal = recordingTerminal();
  const code = await run(["generate", "-e", backend.url, "--json", ...argv], terminal, {});
  return {
    code,
    result: JSON.parse(terminal.out[0] ?? "{}") as Record<string, number>,
    progress: terminal.progressLines,
  };
}

describe("otlp generate", () => {
  it("sends as many items as rate and duration say, and accounts for each", async () => {
    const { code, result } = await generate("--rate", "1000", "--duration", "500ms", "--batch", "50", "--seed", "1");
    expect(code).toBe(0);
    expect(result).toMatchObject({ sent: 500, accepted: 500, rejected: 0, lost: 0, requests: 10 });
    expect(backend.requests.reduce((sum, { body }) => sum + scan("traces", body), 0)).toBe(500);
  });

  it.each(["metrics", "logs"])("makes %s that are valid", async (signal) => {
    const { result } = await generate("--signal", signal, "--rate", "400", "--duration", "250ms", "--batch", "25");
    expect(result["accepted"]).toBe(100);
    for (const { body } of backend.requests) expect(scan(signal as "metrics" | "logs", body)).toBe(25);
  });

  it("tells rejected items from lost ones", async () => {
    backend.script(
      { kind: "ok", rejectedItems: 3, message: "m" },
      { kind: "refuse", httpStatus: 400 },
      { kind: "refuse", httpStatus: 503 },
    );
    const { code, result } = await generate("--rate", "30", "--duration", "100ms", "--batch", "1", "--in-flight", "1");
    expect(code).toBe(1);
    expect((result["accepted"] ?? 0) + (result["rejected"] ?? 0) + (result["lost"] ?? 0)).toBe(result["sent"]);
    expect(result["lost"]).toBeGreaterThan(0);
  });

  it("makes the same items from the same seed", async () => {
    await generate("--rate", "100", "--duration", "100ms", "--batch", "10", "--seed", "7");
    await generate("--rate", "100", "--duration", "100ms", "--batch", "10", "--seed", "7");
    const [first, second] = backend.requests;
    expect(Buffer.from(first?.body as Uint8Array).equals(second?.body as Uint8Array)).toBe(true);
  });

  it("shows progress while it runs", async () => {
    const { progress } = await generate("--rate", "100", "--duration", "700ms", "--batch", "10");
    expect(progress.some((line) => /spans .*\/s .*p99/.test(line))).toBe(true);
  });
});

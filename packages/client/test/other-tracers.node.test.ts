// Our tracer beside the OpenTelemetry SDK, and with earlier versions of the OpenTelemetry API, each in a program of its own.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

async function run(program: string, ...words: string[]): Promise<string> {
  const file = fileURLToPath(new URL(`../../../tools/${program}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@otlpkit/source", file, ...words]);
  return stdout.trim();
}

describe("the tracer", () => {
  it("makes the spans that the OpenTelemetry SDK makes of the same programs", async () => {
    expect(await run("otel-gen3/same-spans.mjs")).toBe("same");
  });

  it.each(["same", "two"])("works with an earlier OpenTelemetry API (%s)", async (copies) => {
    expect(JSON.parse(await run("otel-gen2/older-api.mjs", copies))).toEqual({
      names: ["child", "parent"],
      trace: "12345678901234567890123456789012",
      nested: true,
      sent: true,
      baggage: "user=alice",
      after: false,
    });
  });
});

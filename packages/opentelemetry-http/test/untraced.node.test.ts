// Exports must not trace themselves, or they would go on for ever: each would make a span that has to be exported.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { httpBackend } from "@otlpkit/testkit/node";
import { describe, expect, it } from "vitest";

describe("exports of a program with HTTP instrumentation", () => {
  it.each(["gen2", "gen3"])("leave no span, from timers within a request neither: SDK %s", async (generation) => {
    const backend = await httpBackend();
    const program = fileURLToPath(new URL(`../../../tools/otel-${generation}/untraced.mjs`, import.meta.url));
    const words = ["--conditions=@otlpkit/source", program, backend.url];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    await backend.close();
    // Five visits: a span of the client, one of the server, and one of the work.
    expect(JSON.parse(stdout)).toEqual({ exports: [], others: 15 });
    expect(new Set(backend.requests.map(({ signal }) => signal))).toEqual(new Set(["traces", "metrics"]));
    expect(backend.requests.filter(({ headers }) => "traceparent" in headers)).toEqual([]);
  });
});

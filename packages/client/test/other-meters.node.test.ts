// Our meter beside that of the OpenTelemetry SDK, in a program of its own.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("the meter says what that of the OpenTelemetry SDK says of the same programs, point by point", async () => {
  const file = fileURLToPath(new URL("../../../tools/otel-gen3/same-metrics.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@otlpkit/source", file]);
  expect(stdout.trim()).toBe("same");
});

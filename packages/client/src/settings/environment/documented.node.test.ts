import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { logRecordLimitsIn, spanLimitsIn } from "./attribute-limits.ts";
import { exportersIn } from "./exporter-choice.ts";
import { fromEnvironment } from "./from-environment.ts";
import { metricReadingIn } from "./metric-reading.ts";
import { propagatorsIn } from "./propagator-choice.ts";
import { samplerIn } from "./sampler-choice.ts";
import { variables } from "./variables.ts";

/** Every name that is looked up, whoever looks. */
function namesRead(): Set<string> {
  const names = new Set<string>();
  const environment = new Proxy<Record<string, string>>(
    // Where it is said, more is asked.
    { OTEL_TRACES_SAMPLER: "traceidratio", HTTP_PROXY: "http://proxy" },
    {
      get(said, name) {
        names.add(String(name));
        return said[String(name)];
      },
    },
  );
  const { placeFor } = fromEnvironment(
    environment,
    () => {},
    () => new Uint8Array(),
  );
  for (const signal of ["traces", "metrics", "logs", "profiles"] as const) placeFor?.(signal, "grpc");
  const read = variables(environment, () => {});
  spanLimitsIn(read);
  logRecordLimitsIn(read);
  samplerIn(read);
  propagatorsIn(read);
  metricReadingIn(read);
  for (const signal of ["traces", "metrics", "logs"] as const) exportersIn(read, signal);
  return names;
}

it("ENVIRONMENT.md names every variable that is read, and no other", () => {
  const text = readFileSync(new URL("../../../ENVIRONMENT.md", import.meta.url), "utf8");
  const inTables = [...text.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name as string);
  // Said once for all signals.
  const ofSignal = /^(OTEL_EXPORTER_OTLP_)(?:TRACES|METRICS|LOGS)_(?!TEMPORALITY|DEFAULT)/;
  const read = [...namesRead()].map((name) => name.toUpperCase().replace(ofSignal, "$1"));
  const inText = ["OTEL_CONFIG_FILE", "REQUEST_METHOD"];
  for (const name of inText) expect(text).toContain(`\`${name}\``);
  expect(new Set([...inTables, ...inText])).toEqual(new Set(read));
});

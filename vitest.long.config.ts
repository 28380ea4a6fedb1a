// Tests that take longer than a developer waits: soak, hostile traffic, kill loops. `npm run test:long` runs them in full;
// OTLPKIT_LONG_SECONDS bounds each of them.
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["@otlpkit/source", ...defaultServerConditions] } },
  test: {
    name: "long",
    include: ["{packages,apps,tools}/*/{src,test}/**/*.long.test.ts"],
    exclude: ["**/node_modules/**"],
    reporters: ["default", "./tools/summary-reporter.mjs"],
    testTimeout: 30 * 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    // On a machine that others use as well something can be late; what fails again is wrong. Shown as "retry".
    retry: Number(process.env["OTLPKIT_RETRIES"] ?? 0),
  },
});

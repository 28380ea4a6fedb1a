// Cases against real servers: etcd, BIND, Consul, ... `npm run test:real` gets the servers and runs them, one file at a
// time, because each starts servers of its own.
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["@otlpkit/source", ...defaultServerConditions] } },
  test: {
    name: "real",
    include: ["{packages,apps,tools}/*/{src,test}/**/*.real.test.ts"],
    exclude: ["**/node_modules/**"],
    reporters: ["default", "./tools/summary-reporter.mjs"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    // On a machine that others use as well something can be late; what fails again is wrong. Shown as "retry".
    retry: Number(process.env["OTLPKIT_RETRIES"] ?? 0),
  },
});

import { availableParallelism } from "node:os";
import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
// @ts-expect-error plain JS
import { findChromium } from "./tools/chromium.mjs";

/** Resolves workspace packages to their sources, so that tests need no build. */
const source = "@otlpkit/source";

/** Packages whose every test without `.node.` in its name also runs in a browser. */
const browserPackages = "{core,otlp,compression,retry,batcher,transport-http,client,testkit}";

const chromium = findChromium();
const node: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: "node",
    // For tests that drive a browser themselves.
    provide: { chromium: chromium ?? null },
    include: ["{packages,apps,tools}/*/src/**/*.test.ts", "{packages,apps,tools}/*/test/**/*.test.ts"],
    exclude: ["**/*.browser.test.ts", "**/*.long.test.ts", "**/*.real.test.ts", "**/node_modules/**"],
  },
};

const browser: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: "browser",
    include: [`packages/${browserPackages}/src/**/*.test.ts`],
    exclude: ["**/*.node.test.ts", "**/*.long.test.ts"],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { ...chromium, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
};
if (!chromium) console.warn("no Chromium found: browser tests are SKIPPED (set CHROMIUM_PATH)");

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    reporters: ["default", "./tools/summary-reporter.mjs"],
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
    projects: chromium ? [node, browser] : [node],
    // One more than there are cores, as many tests wait for sockets and processes; the default is one fewer.
    maxWorkers: availableParallelism() + 1,
    // A guard against what hangs, with room for property tests on a machine that is busy.
    testTimeout: 60_000,
    // On a machine that others use as well something can be late; what fails again is wrong. Shown as "retry".
    retry: Number(process.env["OTLPKIT_RETRIES"] ?? 0),
  },
});

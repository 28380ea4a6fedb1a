import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { userAgentOf, version } from "./version.ts";

it("is the version of package.json", () => {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  expect(JSON.parse(manifest)).toMatchObject({ version });
});

it("puts a product in front of our own name", () => {
  expect(userAgentOf(undefined)).toBe(`OTel-OTLP-Exporter-TypeScript-otlpkit/${version}`);
  expect(userAgentOf("shop/1.4")).toBe(`shop/1.4 OTel-OTLP-Exporter-TypeScript-otlpkit/${version}`);
});

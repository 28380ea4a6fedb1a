import { describe, expect, it } from "vitest";
import { httpOptions } from "./http-options.ts";

describe("the url of an exporter in a page", () => {
  it("may be relative to the page", () => {
    const { traces } = httpOptions("traces", "http/json", { url: "/v1/traces" });
    expect(traces?.endpoint).toBe(`${location.origin}/v1/traces`);
  });

  it("is taken as it stands otherwise", () => {
    const url = "https://otlp.example/in?key=1";
    expect(httpOptions("traces", "http/json", { url }).traces?.endpoint).toBe(url);
  });
});

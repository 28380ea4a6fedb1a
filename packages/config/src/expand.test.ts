import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { expand } from "./index.ts";

const environment = {
  HOST: "collector",
  PORT: "4317",
  EMPTY: "",
  ON: "true",
  PIN: "007",
  ODD: "$${HOST} $$",
  L: "[a, b]",
};

function expanded(value: unknown): { value: unknown; reports: string[] } {
  const reports: string[] = [];
  const result = expand(value, {
    environment,
    parse,
    report(severity, path, message) {
      reports.push(`${severity} ${path.join(".")}: ${message}`);
    },
  });
  return { value: result, reports };
}

describe("expand", () => {
  it.each([
    ["${env:HOST}", "collector"],
    ["${HOST}", "collector"],
    ["http://${env:HOST}:${env:PORT}/", "http://collector:4317/"],
    ["${env:NONE:-fallback}", "fallback"],
    ["${NONE:-fallback}", "fallback"],
    ["${env:EMPTY:-fallback}", "fallback"],
    ["${env:HOST:-fallback}", "collector"],
    ["${env:NONE:-}", null],
    ["x${env:NONE:-}y", "xy"],
    ["${env:NONE:-http://${env:HOST}:1}", "http://collector:1"],
    ["${env:NONE:-a:-b}", "a:-b"],
    ["$$", "$"],
    ["$${env:HOST}", "${env:HOST}"],
    ["$$${env:HOST}", "$collector"],
    ["cost: 5$", "cost: 5$"],
    ["$HOST", "$HOST"],
    ["plain", "plain"],
  ])("reads %s as %j", (text, value) => {
    expect(expanded(text)).toEqual({ value, reports: [] });
  });

  it("gives a lone reference the type of its content", () => {
    expect(expanded({ port: "${env:PORT}", on: "${env:ON}", list: "${env:L}", text: "a${env:PORT}" }).value).toEqual({
      port: 4317,
      on: true,
      list: ["a", "b"],
      text: "a4317",
    });
  });

  it("keeps a number that would not be written the same again as text", () => {
    expect(expanded("${env:PIN}").value).toBe("007");
  });

  it("does not search what a variable holds", () => {
    expect(expanded("${env:ODD}").value).toBe("$${HOST} $$");
  });

  it("warns about a variable that is not set, and reads it as empty", () => {
    expect(expanded({ a: ["x", "y${env:NONE}"] })).toEqual({
      value: { a: ["x", "y"] },
      reports: ["warning a.1: the environment variable NONE is not set; it is read as empty"],
    });
  });

  it.each([
    ["${env:HOST", "without its"],
    ["${file:/etc/passwd}", "only the environment"],
    ["${env:not a name}", "no name of an environment variable"],
    ["${}", "no name of an environment variable"],
  ])("refuses %s", (text, message) => {
    const { reports } = expanded(text);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain(message);
    expect(reports[0]).toMatch(/^error/u);
  });

  it("leaves everything that is no text alone", () => {
    const value = { a: 1, b: null, c: [true, 2.5] };
    expect(expanded(value)).toEqual({ value, reports: [] });
  });
});

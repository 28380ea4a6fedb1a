import { describe, expect, it } from "vitest";
import { readArguments } from "./arguments.ts";

describe("readArguments", () => {
  it.each([
    ["", { kind: "run", config: undefined, logFormat: undefined }],
    ["--config relay.yaml", { kind: "run", config: "relay.yaml" }],
    ["--config=relay.yaml --log-format json", { kind: "run", config: "relay.yaml", logFormat: "json" }],
    ["validate --config relay.yaml", { kind: "validate", config: "relay.yaml" }],
    ["--config relay.yaml validate", { kind: "validate", config: "relay.yaml" }],
    ["--version", { kind: "version" }],
    ["--config x --help", { kind: "help" }],
    ["-h", { kind: "help" }],
  ])("understands %j", (words, command) => {
    expect(readArguments(words === "" ? [] : words.split(" "))).toMatchObject(command);
  });

  it.each([
    ["--cofnig x", "there is no option --cofnig"],
    ["--config", "--config needs a value"],
    ["--config a --config b", "--config is given twice"],
    ["--log-format xml", '--log-format is text or json, not "xml"'],
    ["start", 'there is no command "start"'],
    ["validate", "validate needs --config FILE"],
    ["validate extra --config x", 'there is no command "validate extra"'],
  ])("refuses %j", (words, message) => {
    expect(readArguments(words.split(" "))).toEqual({ kind: "wrong", message });
  });
});

import { describe, expect, it } from "vitest";
import { nearest, suggestion } from "./nearest.ts";

describe("nearest", () => {
  const known = ["retry_on_failure", "sending_queue", "endpoint", "tls"];

  it.each([
    ["retry_on_failur", "retry_on_failure"],
    ["retry-on-failure", "retry_on_failure"],
    ["Endpoint", "endpoint"],
    ["enpdoint", "endpoint"],
    ["tsl", "tls"],
    ["queue", undefined],
    ["compression", undefined],
    ["", undefined],
  ])("takes %j to mean %s", (word, meant) => {
    expect(nearest(word, known)).toBe(meant);
  });

  it("lists what there is when nothing is near", () => {
    expect(suggestion("compression", ["tls", "endpoint"])).toBe("known: endpoint, tls");
    // "" may be a choice, as in the Collector's `compression: ""`, but is none that can be read in a list.
    expect(suggestion("lz4000", ["", "none", "gzip"])).toBe("known: gzip, none");
    expect(suggestion("compression", [])).toBe("there is none to choose from");
  });
});

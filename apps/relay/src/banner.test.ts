import { readFileSync } from "node:fs";
import { signalNames } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { banner } from "./banner.ts";

const sender = { send: () => Promise.reject(new Error("not asked for")), close: () => Promise.resolve() };
const door = { id: "otlp", signals: signalNames };
const file = {
  sender,
  label: "file",
  target: "./data/{traces,metrics,logs,profiles}.jsonl",
  signals: signalNames,
  notes: ["a new file every 100 MiB; kept: 10 older"],
};
/** What runs when nothing is configured. */
const plain = {
  doors: [
    { ...door, label: "gRPC", url: "http://127.0.0.1:4317" },
    { ...door, label: "HTTP", url: "http://127.0.0.1:4318" },
  ],
  destinations: new Map([["file", file]]),
  extensions: [],
  status: "http://127.0.0.1:8080",
};
const says = { version: "1.2.3", source: "no --config: receiving on this machine only", color: false };

/** Without what changes by itself. */
function settle(text: string): string {
  return text
    .replaceAll(/\d{19}/gu, "TIME")
    .replace(/relay \d+\.\d+\.\d+/u, "relay VERSION")
    .trim();
}

describe("banner", () => {
  it("is what the READMEs show", () => {
    // Ours, and that of the project, which begins with the same.
    const readmes = ["../README.md", "../../../README.md"].map((path) => new URL(path, import.meta.url));
    const blocks = readmes.flatMap((readme) => [...readFileSync(readme, "utf8").matchAll(/```text\n(.*?)```/gsu)]);
    const shown = blocks.map(([, block]) => settle(block!)).filter((block) => block.startsWith("otlpkit relay"));
    expect(shown.length).toBeGreaterThan(0);
    for (const block of shown) expect(block).toBe(settle(banner(plain, says)));
  });

  it("gives a request that can be pasted", () => {
    const [, body] = /-d '([^']+)'/u.exec(banner(plain, says)) ?? [];
    expect(JSON.parse(body!)).toHaveProperty("resourceSpans");
  });

  it("gives none that could not work", () => {
    const secure = { ...plain, doors: [{ ...door, label: "HTTP", url: "https://127.0.0.1:4318" }] };
    expect(banner(secure, says)).not.toContain("curl");
    const grpcOnly = { ...plain, doors: [{ ...door, label: "gRPC", url: "http://127.0.0.1:4317" }] };
    expect(banner(grpcOnly, says)).not.toContain("curl");
  });

  it("does not advise to send to an address that means all", () => {
    const open = { ...plain, doors: [{ ...door, label: "HTTP", url: "http://[::]:4318" }] };
    expect(banner(open, says)).toContain("curl -i http://localhost:4318/v1/traces");
  });

  it("lists signals when they are not all, and notes of destinations", () => {
    const some = { ...plain, destinations: new Map([["file/x", { ...file, signals: ["logs" as const] }]]) };
    const text = banner(some, says);
    expect(text).toMatch(/delivers +file +\S+ +logs\n/u);
    expect(text).toContain("file/x: a new file every 100 MiB");
  });
});

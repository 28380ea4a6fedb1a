import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { fakeConsul } from "@otlpkit/testkit/node";

describe("a process that watches", () => {
  it("ends when it has nothing else to do, while a question waits for news", async () => {
    const server = await fakeConsul();
    server.put({ ID: "a", Name: "otlp", Address: "127.0.0.1", Port: 4317 });
    const source = new URL("../src/consul/index.ts", import.meta.url).href;
    const program = `
      import { consulRegistry } from ${JSON.stringify(source)};
      const registry = consulRegistry("otlp", { url: ${JSON.stringify(server.url)} });
      (async () => {
        for await (const list of registry.watch(new AbortController().signal)) console.log(list.length);
      })();`;
    const args = ["--conditions=@otlpkit/source", "--input-type=module", "--eval", program];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let written = "";
    child.stdout.on("data", (piece: Buffer) => (written += piece.toString()));
    try {
      const code = await new Promise((resolve) => child.once("close", resolve));
      expect(written).toBe("1\n");
      expect(code).toBe(0);
    } finally {
      child.kill("SIGKILL");
      await server.close();
    }
  });
});

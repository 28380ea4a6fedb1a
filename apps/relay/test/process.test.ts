import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChainedRecord } from "@otlpkit/audit";
import { seeded } from "@otlpkit/testkit";
import { freePort, httpBackend } from "@otlpkit/testkit/node";
import { httpTransport } from "@otlpkit/transport-http";
import { describe, expect, it, onTestFinished } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

interface Process {
  readonly child: ChildProcess;
  readonly output: { text: string };
  /** Resolves when the output holds `text`. */
  readonly says: (text: string) => Promise<void>;
  readonly exited: Promise<number | null>;
}

function relay(words: readonly string[], { cwd, env = {} }: { cwd: string; env?: Record<string, string> }): Process {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, ["--conditions=@otlpkit/source", main, ...words], {
    cwd,
    env: { PATH, ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = { text: "" };
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output.text += chunk.toString();
      for (const look of waiting) look();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (output.text.includes(text)) resolve();
      };
      waiting.add(look);
      void exited.then(() => reject(new Error(`it ended without saying "${text}":\n${output.text}`)));
      look();
    });
  return { child, exited, output, says };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "otlpkit-process-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function ports(): Promise<{ env: Record<string, string>; http: number; status: number }> {
  const [grpc, http, status] = [await freePort(), await freePort(), await freePort()];
  const env = {
    RELAY_GRPC_ENDPOINT: `127.0.0.1:${grpc}`,
    RELAY_HTTP_ENDPOINT: `127.0.0.1:${http}`,
    RELAY_STATUS_ENDPOINT: `127.0.0.1:${status}`,
  };
  return { env, http, status };
}

const batch = seeded(3).traces({ items: 7 });

describe("the relay as a process", () => {
  it("starts with nothing, says what it does, takes the span of its own example, and stops in order", async () => {
    const cwd = folder();
    const { env, http, status } = await ports();
    const { child, exited, output, says } = relay([], { cwd, env });
    await says("curl -i");
    expect(output.text).toContain(`http://127.0.0.1:${http}`);
    expect(output.text).toContain(`http://127.0.0.1:${status}`);
    expect(output.text).toContain("./data/{traces,metrics,logs,profiles}.jsonl");

    const [, body] = /-d '([^']+)'/u.exec(output.text) ?? [];
    const url = `http://127.0.0.1:${http}/v1/traces`;
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: body! });
    expect([answer.status, await answer.text()]).toEqual([200, "{}"]);
    expect(readFileSync(join(cwd, "data/traces.jsonl"), "utf8")).toContain('"first span"');
    expect((await fetch(`http://127.0.0.1:${status}/readyz`)).status).toBe(200);

    child.kill("SIGTERM");
    expect(await exited).toBe(0);
    expect(output.text).toContain("accepted 1 items: 1 delivered, 0 rejected, 0 dropped");
  });

  it("notes in the audit log with which configuration it started", async () => {
    const cwd = folder();
    const file = join(cwd, "relay.yaml");
    const fingerprints: unknown[] = [];
    for (const level of ["info", "debug"]) {
      const text = `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
exporters: { nop: {} }
service:
  status: { enabled: false }
  telemetry: { logs: { level: ${level} } }
  audit: { directory: "${cwd}/audit" }
  pipelines: { traces: { receivers: [otlp], exporters: [nop] } }
`;
      writeFileSync(file, text);
      const { child, exited, says } = relay(["--config", file, "--log-format", "json"], { cwd });
      await says('"ready"');
      child.kill("SIGTERM");
      expect(await exited).toBe(0);
      const lines = readdirSync(join(cwd, "audit")).flatMap((name) =>
        readFileSync(join(cwd, "audit", name), "utf8").split("\n"),
      );
      const started = lines.findLast((line) => line.includes('"relay.started"')) ?? "{}";
      const { facts } = JSON.parse(started) as ChainedRecord;
      expect(facts?.["fingerprint"]).toBe(createHash("sha256").update(text).digest("hex"));
      fingerprints.push(facts?.["fingerprint"]);
    }
    expect(new Set(fingerprints).size).toBe(2);
  });

  it("forwards to OTLP_ENDPOINT and delivers what is under way before it ends", async () => {
    const backend = await httpBackend();
    onTestFinished(() => backend.close());
    let release: () => void = () => undefined;
    backend.script({ kind: "ok", until: new Promise<void>((resolve) => (release = resolve)) });
    const { env, http } = await ports();
    const own = { OTLP_ENDPOINT: backend.url, OTLP_PROTOCOL: "http/protobuf", ...env };
    const { child, exited, output, says } = relay([], { cwd: folder(), env: own });
    await says("curl -i");
    const sender = httpTransport().connect({ url: `http://127.0.0.1:${http}` });
    onTestFinished(() => sender.close());
    const sending = sender.send(batch, {});
    await backend.arrived(1);
    child.kill("SIGINT");
    await says("stopping");
    release();
    expect(await sending).toMatchObject({ rejectedItems: 0 });
    expect(await exited).toBe(0);
    expect(output.text).toContain("accepted 7 items: 7 delivered");
  });

  it("ends at once at the second signal", async () => {
    const backend = await httpBackend();
    onTestFinished(() => backend.close());
    backend.script({ kind: "hang" });
    const { env, http } = await ports();
    const own = { OTLP_ENDPOINT: backend.url, OTLP_PROTOCOL: "http/json", ...env };
    const { child, exited, output, says } = relay([], { cwd: folder(), env: own });
    await says("curl -i");
    const sender = httpTransport().connect({ url: `http://127.0.0.1:${http}` });
    onTestFinished(() => sender.close());
    const sending = expect(sender.send(batch, {})).rejects.toMatchObject({ retryable: true });
    await backend.arrived(1);
    child.kill("SIGTERM");
    await says("stopping");
    // What comes with the first is the first, handed on by several.
    const again = setInterval(() => child.kill("SIGTERM"), 100);
    onTestFinished(() => clearInterval(again));
    expect(await exited).toBe(1);
    expect(output.text).toContain("stopped at once by a second signal");
    await sending;
  });

  it("says which port is taken and what to do about it", async () => {
    const { env } = await ports();
    const first = relay([], { cwd: folder(), env });
    await first.says("curl -i");
    const second = relay([], {
      cwd: folder(),
      env: { ...env, RELAY_STATUS_ENDPOINT: `127.0.0.1:${await freePort()}` },
    });
    expect(await second.exited).toBe(1);
    expect(second.output.text).toContain(`${env["RELAY_GRPC_ENDPOINT"]} (EADDRINUSE)`);
    expect(second.output.text).toContain("RELAY_GRPC_ENDPOINT, RELAY_HTTP_ENDPOINT");
  });

  it("logs JSON lines when asked", async () => {
    const { env } = await ports();
    const { child, exited, output, says } = relay(["--log-format", "json"], { cwd: folder(), env });
    await says('"ready"');
    child.kill("SIGTERM");
    expect(await exited).toBe(0);
    const lines = output.text.trimEnd().split("\n");
    const parsed = lines.map((line) => JSON.parse(line) as { message: string });
    expect(parsed.map(({ message }) => message)).toEqual(["ready", "stopped"]);
    expect(parsed[1]).toMatchObject({ accepted: 0, leftItems: 0 });
  });

  it("validates a file without starting it", async () => {
    const cwd = folder();
    writeFileSync(
      join(cwd, "good.yaml"),
      `receivers: { otlp: { protocols: { grpc: } } }
exporters: { debug: , nop: }
service: { pipelines: { traces: { receivers: [otlp], exporters: [debug] } } }
`,
    );
    writeFileSync(
      join(cwd, "bad.yaml"),
      "receivers: { otlp: { protocols: { grcp: } } }\nexporters: { kafka: }\nservice: {}\n",
    );
    const good = relay(["validate", "--config", "good.yaml"], { cwd });
    expect(await good.exited).toBe(0);
    expect(good.output.text).toContain("good.yaml is valid");
    expect(good.output.text).toContain("warning: good.yaml:2:23 exporters.nop: is not named in a pipeline");
    const bad = relay(["validate", "--config", "bad.yaml"], { cwd });
    expect(await bad.exited).toBe(1);
    expect(bad.output.text).toContain("bad.yaml:1:35 receivers.otlp.protocols.grcp: unknown key; did you mean grpc?");
    expect(bad.output.text).toContain('exporters.kafka: there is no exporter of type "kafka" here; known: debug, file');
    const missing = relay(["validate", "--config", "none.yaml"], { cwd });
    expect(await missing.exited).toBe(1);
    expect(missing.output.text).toContain("cannot read the configuration none.yaml (ENOENT)");
  });

  it("explains itself when it is called wrongly", async () => {
    const wrong = relay(["--prot", "1"], { cwd: folder() });
    expect(await wrong.exited).toBe(2);
    expect(wrong.output.text).toMatch(/^there is no option --prot\n\nusage: /u);
    const version = relay(["--version"], { cwd: folder() });
    expect(await version.exited).toBe(0);
    expect(version.output.text).toMatch(/^\d+\.\d+\.\d+\n$/u);
  });
});

/** Takes the default place of the status page, if nobody else on this machine has it; either way it is taken. */
async function takeStatusPlace(): Promise<() => Promise<void>> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.once("error", () => resolve());
    server.listen(8080, "127.0.0.1", () => resolve());
  });
  return () => new Promise((resolve) => server.close(() => resolve()));
}

describe("a second relay on one machine", () => {
  it("goes without a status page when nobody chose the place and it is taken", async () => {
    const giveBack = await takeStatusPlace();
    try {
      const { env } = await ports();
      delete env["RELAY_STATUS_ENDPOINT"];
      const { child, exited, output, says } = relay([], { cwd: folder(), env });
      await says("curl -i");
      expect(output.text).toContain("health and metrics are not served");
      child.kill("SIGTERM");
      expect(await exited).toBe(0);
    } finally {
      await giveBack();
    }
  });
});

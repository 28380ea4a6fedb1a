import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { basic } from "@otlpkit/auth";
import { type ChainedRecord, verifyAudit } from "@otlpkit/audit";
import { authenticate, ExportError, pipe } from "@otlpkit/core";
import { seeded } from "@otlpkit/testkit";
import { type Backend, httpBackend } from "@otlpkit/testkit/node";
import { httpTransport } from "@otlpkit/transport-http";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Relay, startRelay } from "../src/start-relay.ts";
import { configured, pipelinesTo, remembering } from "./running.ts";

const spans = seeded(3).traces({ items: 4 });
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
let folder: string;
let backend: Backend;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "otlpkit-audit-"));
  writeFileSync(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  backend = await httpBackend();
  onTestFinished(async () => {
    await backend.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

async function audited(more = ""): Promise<Relay> {
  const relay = await startRelay(
    await configured(`
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0", auth: { authenticator: basicauth } } } } }
extensions: { basicauth: { htpasswd: { inline: "alice:canary" } } }
exporters: { otlphttp: { endpoint: "${backend.url}", retry_on_failure: { initial_interval: 10ms } } }
service:
  status: { enabled: false }
  audit: { directory: "${folder}/log", signing_key_file: "${folder}/key.pem"${more} }
  extensions: [basicauth]
  pipelines:
${pipelinesTo("otlphttp")}`),
    { log: remembering().log },
  );
  onTestFinished(async () => void (await relay.close(500)));
  return relay;
}

async function sendAs(relay: Relay, user: string, password: string): Promise<unknown> {
  const { url } = relay.doors[0]!;
  const sender = pipe(authenticate(basic(user, password), { url }), httpTransport().connect({ url }));
  try {
    return await sender.send(spans, { deadline: performance.now() + 10_000 });
  } finally {
    await sender.close();
  }
}

function records(): ChainedRecord[] {
  return readdirSync(join(folder, "log"))
    .filter((name) => name.endsWith(".jsonl"))
    .toSorted()
    .flatMap((name) =>
      readFileSync(join(folder, "log", name), "utf8")
        .trimEnd()
        .split("\n"),
    )
    .map((line) => JSON.parse(line) as ChainedRecord);
}

describe("the audit of a relay", () => {
  it("tells who sent what, what became of it, and who was not let in, in a chain that verifies", async () => {
    const relay = await audited();
    backend.script({ kind: "refuse", httpStatus: 503 }, { kind: "ok", rejectedItems: 1 }, { kind: "ok" });
    await sendAs(relay, "alice", "canary");
    await sendAs(relay, "alice", "canary");
    for (let guess = 0; guess < 20; guess++) {
      await expect(sendAs(relay, "mallory", `canary-${guess}`)).rejects.toThrow(ExportError);
    }
    await relay.close(1000);
    expect(await verifyAudit({ folder: join(folder, "log"), publicKey })).toMatchObject({
      problem: undefined,
      checkpoints: 1,
    });
    const all = records();
    const said = all.map(({ action, actor, target }) => `${action} ${actor} ${target}`);
    expect(said.slice(0, 2)).toEqual(["audit.opened otlpkit audit", "relay.started otlpkit relay"]);
    // Guesses fill no disk: they are summed up, and none is missing.
    const guesses = all.filter(({ action }) => action === "authentication.failed");
    expect(guesses.length).toBeLessThan(10);
    expect(guesses[0]).toMatchObject({
      actor: "unknown",
      target: "otlp",
      reason: "user and password do not fit",
      facts: { address: "127.0.0.1", transport: "http" },
    });
    expect(said).toContain("relay.stopped otlpkit relay");
    expect(said.at(-1)).toBe("audit.checkpoint otlpkit audit");
    const sum = (action: string, fact: string): number =>
      all.filter((each) => each.action === action).reduce((total, { facts }) => total + Number(facts?.[fact] ?? 0), 0);
    expect([sum("data.accepted", "items"), sum("data.delivered", "items"), sum("data.failed", "items")]).toEqual([
      8, 8, 4,
    ]);
    expect(sum("authentication.failed", "requests")).toBe(20);
    expect(sum("data.delivered", "rejected")).toBe(1);
    expect(all.find(({ action }) => action === "data.accepted")).toMatchObject({
      actor: "alice",
      facts: { method: "basic", signal: "traces" },
    });
    expect(JSON.stringify(all)).not.toContain("canary");
  });

  it("refuses data while it cannot keep records, where it is to fail closed", async () => {
    const relay = await audited(", mode: fail_closed");
    await sendAs(relay, "alice", "canary");
    expect(records().filter(({ action }) => action === "data.accepted")).toHaveLength(1);
    await relay.close(1000);
    await expect(
      audited(`, mode: fail_closed, max_file_size: 1B, keep_files: 1 , console: false`),
    ).resolves.toBeDefined();
  });

  it("waits for a place elsewhere that is away, unless it is to fail closed", async () => {
    const elsewhere = await httpBackend();
    onTestFinished(() => elsewhere.close());
    const refusal = { kind: "refuse", httpStatus: 401 } as const;
    // At the start and at the end of the first, at the start of the second.
    elsewhere.script(refusal, refusal, refusal, { kind: "ok" });
    const away = `, otlp: { endpoint: "${elsewhere.url}" }`;
    await expect(audited(`${away}, mode: fail_closed`)).rejects.toThrow(/^service\.audit: .*the otlp sink.*HTTP 401/);
    const relay = await audited(away);
    await sendAs(relay, "alice", "canary");
    await relay.close(1000);
    // In the end all of it is there: nothing was lost meanwhile.
    const told = elsewhere.requests
      .slice(3)
      .map(({ body }) => Buffer.from(body).toString("latin1"))
      .join("");
    for (const action of ["audit.opened", "relay.started", "data.accepted", "relay.stopped"]) {
      expect(told).toContain(action);
    }
  });

  it("is not started where it cannot keep records, and says why", async () => {
    const first = await audited();
    await expect(audited()).rejects.toThrow(/^service\.audit: .*writes to the audit log in/);
    await first.close(500);
    writeFileSync(join(folder, "key.pem"), "canary");
    await expect(audited()).rejects.toThrow(/^service\.audit: .*no private key in PEM(?!.*canary)/);
  });
});

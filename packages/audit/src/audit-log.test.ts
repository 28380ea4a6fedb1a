import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditRecord } from "@otlpkit/core";
import { fakeClock, recordingSender } from "@otlpkit/testkit";
import { decode } from "@otlpkit/otlp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AuditLogOptions,
  auditLog,
  type AuditSink,
  callbackSink,
  type ChainedRecord,
  consoleSink,
  fileSink,
  type Head,
  otlpSink,
  verifyAudit,
} from "./index.ts";

const login: AuditRecord = { action: "authentication.failed", outcome: "failure", actor: "alice", target: "otlp/http" };
const { publicKey, privateKey } = generateKeyPairSync("ed25519");

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "otlpkit-audit-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Keeps `count` records in the folder, as one run of a program does. */
async function run(count: number, options: Partial<AuditLogOptions> & { maxFileBytes?: number } = {}): Promise<void> {
  const { maxFileBytes, ...rest } = options;
  const sink = fileSink({ folder, ...(maxFileBytes === undefined ? {} : { maxFileBytes }) });
  const log = auditLog({ sinks: [sink], ...rest });
  for (let index = 0; index < count; index++) {
    log.record({ ...login, facts: { items: index } });
    if (index % 5 === 4) await log.flush();
  }
  await log.close();
}

async function recorded(): Promise<ChainedRecord[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as ChainedRecord),
  );
}

/** A sink that fails while told so, and remembers what it got. */
function weakSink(): AuditSink & { failing: boolean; readonly got: ChainedRecord[] } {
  const got: ChainedRecord[] = [];
  return {
    name: "weak",
    failing: false,
    got,
    open: () => Promise.resolve(undefined),
    write(records) {
      if (this.failing) return Promise.reject(new Error("the disk is gone"));
      got.push(...records);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

describe("auditLog", () => {
  it("keeps records in a chain that verifies, over files and restarts", async () => {
    await run(30, { maxFileBytes: 2000 });
    await run(20, { maxFileBytes: 2000 });
    const found = await verifyAudit({ folder });
    expect(found).toMatchObject({ records: 50, head: { seq: 50 }, lostRecords: 0 });
    expect(found.files).toBeGreaterThan(2);
    expect(found.problem).toBeUndefined();
    expect((await recorded()).map(({ facts }) => facts?.["items"])).toEqual([...Array(30).keys(), ...Array(20).keys()]);
  });

  it("resolves a flush only when what was recorded before is kept", async () => {
    const log = auditLog({ sinks: [fileSink({ folder })] });
    log.record(login);
    await log.flush();
    expect(await recorded()).toHaveLength(1);
    await log.close();
  });

  it("goes on where a crash cut a line", async () => {
    await run(3);
    const name = (await readdir(folder)).find((each) => each.endsWith(".jsonl")) ?? "";
    await writeFile(join(folder, name), `${await readFile(join(folder, name), "utf8")}{"v":1,"seq":4,"ti`);
    await run(2);
    expect(await verifyAudit({ folder })).toMatchObject({ records: 5, problem: undefined });
  });

  it("sets aside what is damaged at the end, and deletes nothing of it", async () => {
    await run(3);
    const name = (await readdir(folder)).find((each) => each.endsWith(".jsonl")) ?? "";
    const whole = await readFile(join(folder, name), "utf8");
    const damage = `${whole.split("\n")[2]!.replace('"seq":3', '"seq":"')}\nand more`;
    await writeFile(join(folder, name), `${whole.split("\n").slice(0, 2).join("\n")}\n${damage}`);
    await run(2);
    expect(await verifyAudit({ folder })).toMatchObject({ records: 4, problem: undefined });
    const aside = (await readdir(folder)).find((each) => each.endsWith(".damaged")) ?? "";
    expect(await readFile(join(folder, aside), "utf8")).toBe(damage);
  });

  it("is refused a folder that is in use, and takes over what a dead process left", async () => {
    const [first, second] = [auditLog({ sinks: [fileSink({ folder })] }), auditLog({ sinks: [fileSink({ folder })] })];
    first.record(login);
    await first.flush();
    second.record(login);
    await expect(second.flush()).rejects.toThrow(/give each log a folder of its own/);
    await Promise.all([first.close(), second.close().catch(() => undefined)]);
    // A process that ended in the middle.
    const program = `
      const { auditLog, fileSink } = await import(process.argv[1]);
      const log = auditLog({ sinks: [fileSink({ folder: process.argv[2] })] });
      log.record({ action: "a", outcome: "success", actor: "a", target: "a" });
      await log.flush();
      process.kill(process.pid, "SIGKILL");`;
    const index = new URL("index.ts", import.meta.url).href;
    const words = ["--conditions=@otlpkit/source", "--input-type=module", "-e", program, index, folder];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "inherit", "inherit"] });
    const [, signal] = (await once(child, "exit")) as [number, string];
    expect(signal).toBe("SIGKILL");
    expect(await readdir(folder)).toContain("writer.lock");
    // Of many who come at once, one.
    const rivals = Array.from({ length: 12 }, () => auditLog({ sinks: [fileSink({ folder })] }));
    const tries = rivals.map((log) => {
      log.record(login);
      return log.flush();
    });
    const won = (await Promise.allSettled(tries)).filter(({ status }) => status === "fulfilled");
    expect(won).toHaveLength(1);
    await Promise.all(rivals.map((log) => log.close().catch(() => undefined)));
    expect((await verifyAudit({ folder })).problem).toBeUndefined();
  });

  it("tries again what a sink could not take, and says so to who waits", async () => {
    const clock = fakeClock();
    const sink = weakSink();
    const problems: string[] = [];
    const log = auditLog({
      sinks: [sink],
      setTimer: (run, delayMs) => clock.setTimer(run, delayMs),
      onProblem: ({ message }) => void problems.push(message),
    });
    sink.failing = true;
    log.record(login);
    await expect(log.flush()).rejects.toThrow("cannot write audit records to the weak sink: the disk is gone");
    expect(log.facts()).toEqual({ pending: 1, lost: 0, failing: true, failingSinks: ["weak"] });
    log.record({ ...login, actor: "bob" });
    sink.failing = false;
    await clock.advance(200);
    await log.flush();
    expect(sink.got.map(({ seq, actor }) => [seq, actor])).toEqual([
      [1, "alice"],
      [2, "bob"],
    ]);
    expect(problems).toHaveLength(1);
    expect(log.facts()).toEqual({ pending: 0, lost: 0, failing: false, failingSinks: [] });
  });

  it("records how many records were lost while a sink was away too long", async () => {
    const sink = weakSink();
    const log = auditLog({ sinks: [sink], maxPending: 3, setTimer: () => () => undefined });
    for (let index = 0; index < 10; index++) log.record(login);
    expect(log.facts()).toMatchObject({ pending: 3, lost: 7 });
    await log.flush();
    expect(sink.got.map(({ action }) => action)).toEqual([...Array(3).fill("authentication.failed"), "audit.gap"]);
    expect(sink.got.at(-1)).toMatchObject({ outcome: "failure", facts: { records: 7 } });
  });

  it("gives each sink a chain of its own, so that one that is away does not hold up the others", async () => {
    const [weak, strong] = [weakSink(), weakSink()];
    weak.failing = true;
    const log = auditLog({ sinks: [weak, strong], setTimer: () => () => undefined });
    log.record(login);
    await expect(log.flush()).rejects.toThrow("weak");
    expect(strong.got).toHaveLength(1);
    weak.failing = false;
    await log.flush();
    expect(weak.got).toEqual(strong.got);
  });

  it("signs where the chain stands, now and then and at the end, and tells whoever keeps that", async () => {
    const kept: number[] = [];
    const onCheckpoint = ({ seq }: Head): void => void kept.push(seq);
    const log = auditLog({
      sinks: [fileSink({ folder })],
      signingKey: privateKey,
      checkpointRecords: 10,
      onCheckpoint,
    });
    for (let batch = 0; batch < 5; batch++) {
      for (let index = 0; index < 5; index++) log.record(login);
      await log.flush();
    }
    await log.close();
    expect(kept.length).toBeGreaterThanOrEqual(3);
    const found = await verifyAudit({ folder, publicKey });
    expect(found).toMatchObject({ records: 25 + kept.length, checkpoints: kept.length, problem: undefined });
  });

  it.each([
    ["no key at all", "-----BEGIN SECRET-----", /no private key in PEM/],
    ["a key of another kind", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, /Ed25519.*not ec/],
    ["a public key", publicKey, /Ed25519 private key/],
  ])("refuses %s to sign with", (_, signingKey, message) => {
    expect(() => auditLog({ sinks: [], signingKey })).toThrow(message);
  });

  it("keeps what is allowed and nothing else, in texts that are short and clean", async () => {
    const sink = weakSink();
    const log = auditLog({ sinks: [sink], facts: ["cluster"] });
    log.record({
      action: "configuration.changed",
      outcome: "success",
      actor: `a\u0000lice\n${"x".repeat(1000)}`,
      target: "https://user:canary@otlp.example/v1?token=canary#canary",
      reason: "see postgres://admin:canary@db/x?password=canary",
      facts: { items: 3, cluster: "blue", password: "canary", bytes: Number.NaN, tenant: "\uD800" },
    });
    await log.flush();
    const [record] = sink.got;
    expect(JSON.stringify(record)).not.toContain("canary");
    expect(record).toMatchObject({
      target: "https://otlp.example/v1",
      reason: "see postgres://db/x",
      facts: { items: 3, cluster: "blue", tenant: "\uFFFD" },
    });
    expect(Object.keys(record?.facts ?? {})).toHaveLength(3);
    expect(record?.actor).toHaveLength(256);
    expect(record?.actor).toMatch(/^a\uFFFDlice\uFFFDx+$/);
  });

  it("takes nothing after it was closed, and closes once", async () => {
    const sink = weakSink();
    const log = auditLog({ sinks: [sink] });
    log.record(login);
    await Promise.all([log.close(), log.close()]);
    log.record(login);
    await log.flush();
    expect(sink.got).toHaveLength(1);
  });
});

describe("sinks", () => {
  it("writes lines of JSON to the console, and calls a function of yours", async () => {
    const lines: string[] = [];
    const called: number[] = [];
    const sinks = [consoleSink((line) => lines.push(line)), callbackSink(({ seq }) => called.push(seq))];
    const log = auditLog({ sinks });
    log.record(login);
    await log.close();
    expect(JSON.parse(lines.join(""))).toMatchObject({ seq: 1, actor: "alice" });
    expect(called).toEqual([1]);
  });

  it("sends OTLP log records whose body is the record, and counts what is rejected as not kept", async () => {
    const sender = recordingSender();
    const log = auditLog({ sinks: [otlpSink(sender)] });
    log.record(login);
    await log.flush();
    const [batch] = sender.batches;
    const [record] = decode("logs", batch!.body).resourceLogs?.[0]?.scopeLogs?.[0]?.logRecords ?? [];
    expect(record).toMatchObject({ eventName: "authentication.failed", severityText: "WARN" });
    expect(JSON.parse(record?.body?.stringValue ?? "")).toMatchObject({ v: 1, seq: 1, action: login.action });
    sender.script({ rejectedItems: 1, message: "no room" });
    log.record(login);
    await expect(log.flush()).rejects.toThrow("1 audit records were not accepted: no room");
    await log.close().catch(() => undefined);
  });

  it("forgets old files only when told to, and verifies what is left", async () => {
    const log = auditLog({ sinks: [fileSink({ folder, maxFileBytes: 1, keepFiles: 3, sync: false })] });
    for (let index = 0; index < 10; index++) {
      log.record(login);
      await log.flush();
    }
    await log.close();
    expect(await verifyAudit({ folder })).toMatchObject({
      files: 3,
      records: 3,
      head: { seq: 10 },
      problem: undefined,
    });
  });
});

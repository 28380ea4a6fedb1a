import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditLog, fileSink } from "@otlpkit/audit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../src/cli.ts";
import { recordingTerminal } from "./recording-terminal.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlpkit-audit-"));
  await writeFile(join(folder, "key.pub"), publicKey.export({ type: "spki", format: "pem" }));
  const log = auditLog({ sinks: [fileSink({ folder })], signingKey: privateKey });
  for (let index = 0; index < 5; index++) {
    log.record({ action: "data.accepted", outcome: "success", actor: `user-${index}`, target: "traces" });
  }
  await log.close();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function otlp(...argv: string[]): Promise<{ code: number; printed: string[]; noted: string[] }> {
  const terminal = recordingTerminal();
  return { code: await run(argv, terminal, {}), printed: terminal.out, noted: terminal.notes };
}

async function file(): Promise<string> {
  return join(
    folder,
    (await readdir(folder)).find((name) => name.endsWith(".jsonl"))!,
  );
}

describe("otlp audit verify", () => {
  it("says that all is as it was written, and what to keep elsewhere", async () => {
    const { code, printed } = await otlp("audit", "verify", folder, "--public-key", join(folder, "key.pub"));
    expect(printed[0]).toBe("6 records in 1 file, up to record 6: all as they were written; 1 signature good");
    const [, head = ""] = /^head +(\S+)$/u.exec(printed[1] ?? "") ?? [];
    expect(code).toBe(0);
    expect((await otlp("audit", "verify", folder, "--expect", head)).code).toBe(0);
  });

  it("names the first record that was changed, for people and for programs", async () => {
    const text = await readFile(await file(), "utf8");
    await writeFile(await file(), text.replace("user-2", "user-9"));
    const { code, printed } = await otlp("audit", "verify", folder);
    expect(code).toBe(1);
    expect(printed[0]).toMatch(/^NOT AS IT WAS WRITTEN {2}audit-000000000001\.jsonl:3$/u);
    expect(printed[1]).toMatch(/^record 3: record 3 was changed/u);
    const json = await otlp("audit", "verify", folder, "--json");
    expect(JSON.parse(json.printed[0]!)).toMatchObject({ records: 2, problem: { line: 3, seq: 3 } });
  });

  it("sees a cut end by what was kept elsewhere", async () => {
    const lines = (await readFile(await file(), "utf8")).trimEnd().split("\n");
    const { seq, hash } = JSON.parse(lines[4]!) as { seq: number; hash: string };
    await writeFile(await file(), `${lines.slice(0, 3).join("\n")}\n`);
    expect((await otlp("audit", "verify", folder)).code).toBe(0);
    const { code, printed } = await otlp("audit", "verify", folder, "--expect", `${seq}:${hash}`);
    expect(code).toBe(1);
    expect(printed[1]).toContain("the end was cut off");
  });

  it.each([
    [["audit"], /say what to do/],
    [["audit", "verify"], /say which folder/],
    [["audit", "verify", "/nowhere"], /there is no folder \/nowhere/],
    [["audit", "verify", "/tmp", "--expect", "5"], /takes SEQ:HASH/],
    [["audit", "verify", "/tmp", "--public-key", "/nowhere"], /cannot read \/nowhere \(ENOENT\)/],
    [["audit", "verify", "/tmp", "--public-key", "/dev/null"], /holds no key in PEM/],
  ])("refuses %j", async (words, message) => {
    const { code, noted } = await otlp(...words);
    expect(code).toBe(2);
    expect(noted.join("\n")).toMatch(message);
  });

  it("says of a folder without a log that there is none", async () => {
    const empty = await mkdtemp(join(tmpdir(), "otlpkit-empty-"));
    const { code, noted } = await otlp("audit", "verify", empty);
    await rm(empty, { recursive: true });
    expect([code, noted]).toEqual([1, ["there is no audit log in this folder"]]);
  });
});

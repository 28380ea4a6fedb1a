import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditLog, type ChainedRecord, fileSink, hashOf, type Head, verifyAudit } from "./index.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const hmacKey = randomBytes(32);
let folder: string;
let original: ReadonlyMap<string, string>;
let kept: Head;

/** 60 records in a few files, with checkpoints. */
async function write(into: string, key: typeof privateKey = privateKey): Promise<Head> {
  let last: Head = { seq: 0, hash: "" };
  const log = auditLog({
    sinks: [fileSink({ folder: into, maxFileBytes: 4000, sync: false })],
    hmacKey,
    signingKey: key,
    checkpointRecords: 20,
    onCheckpoint: ({ seq, hash }) => void (last = { seq, hash }),
  });
  for (let index = 0; index < 60; index++) {
    log.record({ action: "data.accepted", outcome: "success", actor: `user-${index}`, target: "traces" });
    await log.flush();
  }
  await log.close();
  return last;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlpkit-verify-"));
  kept = await write(folder);
  const names = (await readdir(folder)).toSorted();
  original = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)),
  );
});
beforeEach(() => put(original));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function put(files: ReadonlyMap<string, string>): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name));
  for (const [name, text] of files) await writeFile(join(folder, name), text);
}

const lines = (): { name: string; text: string }[] =>
  [...original].flatMap(([name, text]) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => ({ name, text: line })),
  );
const filesOf = (all: readonly { name: string; text: string }[]): Map<string, string> => {
  const files = new Map<string, string>();
  for (const { name, text } of all) files.set(name, `${files.get(name) ?? ""}${text}\n`);
  return files;
};
const check = () => verifyAudit({ folder, publicKey, hmacKey, expected: kept });

describe("verifyAudit", () => {
  it("finds nothing wrong with what nobody touched", async () => {
    const found = await check();
    expect(found).toMatchObject({ records: lines().length, problem: undefined });
    expect(found.files).toBeGreaterThan(3);
    expect(found.checkpoints).toBeGreaterThanOrEqual(3);
  });

  it("names the record that was edited, whatever was edited", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(lines().length - 1),
        fc.nat(),
        fc.integer({ min: 33, max: 126 }),
        async (at, where, code) => {
          const all = lines();
          const { name, text } = all[at]!;
          const position = where % text.length;
          const edited = text.slice(0, position) + String.fromCharCode(code) + text.slice(position + 1);
          // The same record in other words is no other record.
          fc.pre(JSON.stringify(tryParse(edited)) !== JSON.stringify(JSON.parse(text)));
          all[at] = { name, text: edited };
          await put(filesOf(all));
          const { problem } = await check();
          expect(problem).toMatchObject({ file: name, seq: at + 1 });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("names the record that was removed, moved or put in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(lines().length - 2), fc.constantFrom("remove", "swap", "repeat"), async (at, how) => {
        const all = lines();
        if (how === "remove") all.splice(at, 1);
        if (how === "repeat") all.splice(at, 0, all[at]!);
        if (how === "swap") {
          const [one, two] = [all[at]!, all[at + 1]!];
          // Also where they stand in two files.
          all.splice(at, 2, { name: one.name, text: two.text }, { name: two.name, text: one.text });
        }
        await put(filesOf(all));
        const { problem } = await check();
        // A removed first record looks like a log that begins later, until its name says otherwise.
        expect(problem?.seq).toBe(how === "repeat" ? at + 2 : at + 1);
      }),
      { numRuns: 40 },
    );
  });

  it("names the place where a file is missing in the middle", async () => {
    const names = [...original.keys()].toSorted();
    const missing = new Map([...original].filter(([name]) => name !== names[1]));
    await put(missing);
    const { problem } = await check();
    expect(problem?.file).toBe(names[2]);
    expect(problem?.message).toContain("a whole file are missing");
  });

  it("sees that the end was cut off, at any record, by a checkpoint that was kept elsewhere", async () => {
    for (const left of [0, 1, 20, kept.seq - 1]) {
      await put(filesOf(lines().slice(0, left)));
      const { problem } = await check();
      expect(problem).toMatchObject({ seq: left + 1, message: expect.stringContaining("the end was cut off") });
    }
  });

  it("sees that all of it was written anew, without the key of the hashes", async () => {
    const all = lines().map(({ name, text }) => ({ name, record: JSON.parse(text) as ChainedRecord }));
    let prev = "0".repeat(64);
    const forged = all.map(({ name, record }) => {
      const { hash: _, ...rest } = { ...record, actor: "nobody", prev };
      prev = hashOf(rest);
      return { name, text: JSON.stringify({ ...rest, hash: prev }) };
    });
    await put(filesOf(forged));
    expect((await check()).problem).toMatchObject({ seq: 1, message: expect.stringContaining("this is not the key") });
    // Nor by whoever has no signing key, where hashes are plain.
    const plain = await verifyAudit({ folder, publicKey });
    expect(plain.problem?.message).toContain("not signed with this key");
    // Nor without any key, if one hash was kept elsewhere.
    expect((await verifyAudit({ folder, expected: kept })).problem?.message).toContain("written anew");
  });

  it("sees that all of it was written anew with another key", async () => {
    for (const name of await readdir(folder)) await rm(join(folder, name));
    await write(folder, generateKeyPairSync("ed25519").privateKey);
    const { problem } = await verifyAudit({ folder, publicKey, hmacKey });
    expect(problem?.message).toContain("not signed with this key: the log was written anew by another");
  });

  it("sees that nothing is signed where everything is to be, and says how much is not signed yet", async () => {
    for (const name of await readdir(folder)) await rm(join(folder, name));
    const log = auditLog({ sinks: [fileSink({ folder, sync: false })] });
    log.record({ action: "a", outcome: "success", actor: "a", target: "a" });
    await log.close();
    expect(await verifyAudit({ folder })).toMatchObject({ unsigned: 1, problem: undefined });
    expect((await verifyAudit({ folder, publicKey })).problem?.message).toContain("nothing is signed");
    await put(filesOf(lines().slice(0, 25)));
    // The first checkpoint is the 21st.
    expect(await verifyAudit({ folder, publicKey, hmacKey })).toMatchObject({ unsigned: 4, problem: undefined });
  });

  it("names a line that is no record", async () => {
    const all = lines();
    all[7] = { name: all[7]!.name, text: "not json" };
    await put(filesOf(all));
    expect((await check()).problem).toMatchObject({ seq: 8, message: expect.stringContaining("no audit record") });
  });
});

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Different from anything that can be parsed.
    return { text };
  }
}

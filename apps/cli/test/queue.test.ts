import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encryption, keyRing, rawKey, secret } from "@otlpkit/auth/encryption";
import { type Batch, ExportError } from "@otlpkit/core";
import { gzip } from "@otlpkit/compression";
import { openQueue, type Queue, type QueueOptions } from "@otlpkit/queue";
import { itemIds, recordingSender, seeded } from "@otlpkit/testkit";
import { type Backend, httpBackend } from "@otlpkit/testkit/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../src/cli.ts";
import { recordingTerminal } from "./recording-terminal.ts";

let folder: string;
let secrets: string;
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlp-queue-"));
  secrets = await mkdtemp(join(tmpdir(), "otlp-queue-keys-"));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  await rm(folder, { recursive: true, force: true });
  await rm(secrets, { recursive: true, force: true });
});

const source = seeded(11);
const mixed = (): Batch[] => [
  { ...source.traces({ items: 3 }), tenant: "red" },
  { ...source.logs({ items: 2 }), tenant: "blue", headers: { "x-scope-orgid": "blue" } },
  source.metrics({ items: 4 }),
];

/** A stopped queue that holds these batches. */
async function filled(batches: readonly Batch[], options: Partial<QueueOptions> = {}): Promise<void> {
  const queue = await openQueue({ folder, minFreeBytes: 0, ...options });
  for (const batch of batches) await queue.send(batch, {});
  await queue.close();
}

/** A queue in use, that holds these batches. */
async function inUse(batches: readonly Batch[]): Promise<Queue> {
  const queue = await openQueue({ folder, minFreeBytes: 0 });
  open.push(queue);
  for (const batch of batches) await queue.send(batch, {});
  return queue;
}

/** A stopped queue that has these batches as dead letters. */
async function refused(batches: readonly Batch[]): Promise<void> {
  const queue = await openQueue({ folder, minFreeBytes: 0 });
  const destination = recordingSender();
  destination.script(new ExportError("rejected", "such things are not wanted"));
  queue.drain(destination);
  for (const batch of batches) await queue.send(batch, {});
  await queue.flush();
  await queue.close();
}

async function backend(): Promise<Backend> {
  const made = await httpBackend();
  open.push(made);
  return made;
}

async function otlp(...argv: string[]): Promise<{ code: number; out: string; notes: string; lines: string[] }> {
  const terminal = recordingTerminal();
  const code = await run(["queue", ...argv], terminal, { NEW_KEY: "42".repeat(32) });
  return { code, out: terminal.out.join("\n"), notes: terminal.notes.join("\n"), lines: terminal.out };
}

async function keyFile(bytes: Uint8Array): Promise<string> {
  const path = join(secrets, "key");
  await writeFile(path, bytes);
  return path;
}

describe("otlp queue list", () => {
  it("shows what waits by tenant and signal, and the segments", async () => {
    await filled(mixed());
    const { code, lines } = await otlp("list", folder);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^waiting for +tenant +signal +batches +items +size +oldest$/);
    expect(lines[1]).toMatch(/red +traces +1 +3 .* \ds$/);
    expect(lines.join("\n")).toMatch(/segment-\d+\.otlpq +3 +9 /);
  });

  it("says the same as JSON", async () => {
    await filled(mixed());
    const { out } = await otlp("list", folder, "--json");
    const found = JSON.parse(out) as { waiting: { tenant?: string; items: number }[]; segments: unknown[] };
    expect(found.waiting.map(({ tenant, items }) => [tenant, items])).toEqual([
      ["red", 3],
      ["blue", 2],
      [undefined, 4],
    ]);
    expect(found.segments.length).toBeGreaterThan(0);
  });

  it("looks into a queue that is in use", async () => {
    await inUse(mixed());
    const { code, out } = await otlp("list", folder);
    expect(code).toBe(0);
    expect(out).toMatch(/blue +logs +1 +2/);
  });

  it("says what was refused for good, and how to see it", async () => {
    await refused(mixed().slice(0, 1));
    const { out } = await otlp("list", folder);
    expect(out).toMatch(/^there is nothing in this queue$/m);
    expect(out).toMatch(/1 batch with 3 items refused for good: otlp queue peek .* --dead-letters/);
  });

  it("says that nothing is there", async () => {
    await filled([]);
    const { code, out } = await otlp("list", folder);
    expect(code).toBe(0);
    expect(out).toMatch(/nothing/);
  });
});

describe("otlp queue peek", () => {
  it("shows what is in the records, unpacked and decoded", async () => {
    const [traces, logs] = mixed() as [Batch, Batch];
    const packed = { ...traces, body: await gzip().compress(traces.body), encoding: "gzip" };
    await filled([packed, logs]);
    const { code, out } = await otlp("peek", folder);
    expect(code).toBe(0);
    expect(out).toMatch(/^#1 {2}traces {2}tenant red {2}3 items {2}.* gzip {2}\ds ago$/m);
    expect(out).toMatch(/ms {2}trace [0-9a-f]{32}/);
    expect(out).toMatch(/^ {4}x-scope-orgid: blue$/m);
  });

  it("shows those only that were asked for", async () => {
    await filled(mixed());
    expect((await otlp("peek", folder, "--signal", "logs")).out).toMatch(/^#2 /);
    expect((await otlp("peek", folder, "--tenant", "red")).out).toMatch(/^#1 /);
    const { out, notes } = await otlp("peek", folder, "--limit", "1");
    expect(out).not.toMatch(/#2/);
    expect(notes).toMatch(/more than 1/);
  });

  it("shows why a dead letter is one", async () => {
    await refused(mixed().slice(0, 1));
    const { out } = await otlp("peek", folder, "--dead-letters");
    expect(out).toMatch(/refused for good by default \(rejected, 1 attempt\): such things are not wanted/);
  });
});

describe("otlp queue export", () => {
  it("writes lines that otlp send delivers, item for item", async () => {
    const batches = mixed();
    await filled(batches);
    const { code, lines } = await otlp("export", folder);
    expect(code).toBe(0);
    expect(lines).toHaveLength(3);
    const path = join(secrets, "exported.jsonl");
    await writeFile(path, lines.join("\n"));
    const to = await backend();
    await run(["send", path, "-e", to.url], recordingTerminal(), {});
    const sent = batches.flatMap(({ signal, body }) => itemIds(signal, body));
    const arrived = to.requests.flatMap(({ signal, body }) => itemIds(signal ?? "traces", body));
    expect(arrived.toSorted()).toEqual(sent.toSorted());
  });
});

describe("otlp queue verify", () => {
  it("says that all is as it was written", async () => {
    await filled(mixed());
    const { code, out } = await otlp("verify", folder);
    expect(out).toMatch(/^3 records in 1 segment: all as they were written$/);
    expect(code).toBe(0);
  });

  it("names the place that is damaged and ends with 1; repair keeps the rest", async () => {
    const batches = mixed();
    await filled(batches);
    const { segments } = JSON.parse((await otlp("list", folder, "--json")).out) as { segments: { name: string }[] };
    const path = join(folder, segments[0]?.name as string);
    const bytes = await readFile(path);
    const at = bytes.indexOf(batches[1]?.body as Uint8Array);
    (bytes[at + 10] as number) ^= 1;
    await writeFile(path, bytes);
    const { code, out } = await otlp("verify", folder);
    expect(code).toBe(1);
    expect(out).toMatch(/^segment-\d+\.otlpq, byte \d+, \d[\d,]* bytes \(record 2\): /);
    expect((await otlp("repair", folder)).code).toBe(0);
    const { lines } = await otlp("export", folder);
    expect(lines).toHaveLength(2);
  });
});

describe("otlp queue replay", () => {
  it("sends everything, byte for byte and with its headers, and leaves the queue as it is", async () => {
    const batches = mixed();
    await filled(batches);
    const to = await backend();
    const { code, out } = await otlp("replay", folder, "--to", to.url);
    expect(out).toBe("3 batches replayed: 9 items accepted, 0 rejected, 0 not delivered");
    expect(code).toBe(0);
    expect(to.requests.map(({ body }) => Buffer.from(body))).toEqual(batches.map(({ body }) => Buffer.from(body)));
    expect(to.requests[1]?.headers["x-scope-orgid"]).toBe("blue");
    expect((await otlp("export", folder)).lines).toHaveLength(3);
  });

  it("takes out what was accepted, of dead letters", async () => {
    await refused(mixed());
    const to = await backend();
    const { code, out } = await otlp("replay", folder, "--dead-letters", "--to", to.url, "--remove");
    expect(out).toMatch(/3 batches replayed: 9 items accepted.*; 3 taken out of the queue/);
    expect(code).toBe(0);
    expect((await otlp("peek", folder, "--dead-letters")).out).toMatch(/no record/);
  });

  it("keeps what was refused, and ends with 1", async () => {
    await filled(mixed());
    const to = await backend();
    to.script({ kind: "ok" }, { kind: "refuse", httpStatus: 400, message: "no" }, { kind: "ok" });
    const { code, out } = await otlp("replay", folder, "--to", to.url, "--remove");
    expect(code).toBe(1);
    expect(out).toMatch(/3 batches replayed: 7 items accepted, 0 rejected, 2 not delivered; 2 taken out/);
    expect((await otlp("peek", folder)).out).toMatch(/^#2 /);
  });

  it("stops when the destination is not there, and leaves the rest", async () => {
    await filled(mixed());
    const to = await backend();
    await to.close();
    const { code, notes } = await otlp("replay", folder, "--to", to.url, "--timeout", "200ms", "--remove");
    expect(code).toBe(1);
    expect(notes).toMatch(/does not answer: stopped/);
    expect((await otlp("export", folder)).lines).toHaveLength(3);
  });
});

describe("otlp queue on a queue in use", () => {
  it.each(["repair", "rotate", "remove", "forget"])(
    "refuses to %s it, and says which process has it",
    async (action) => {
      await inUse(mixed());
      const more = {
        rotate: ["--queue-key", "new=env:NEW_KEY"],
        remove: ["--record", "1"],
        forget: ["--consumer", "x"],
      };
      const { code, notes } = await otlp(action, folder, ...(more[action as keyof typeof more] ?? []));
      expect(code).toBe(1);
      expect(notes).toMatch(new RegExp(`\\b${process.pid}\\b`));
    },
  );

  it("replays it, but takes nothing out", async () => {
    await inUse(mixed());
    const to = await backend();
    expect((await otlp("replay", folder, "--to", to.url)).code).toBe(0);
    expect((await otlp("replay", folder, "--to", to.url, "--remove")).code).toBe(1);
    expect(to.requests).toHaveLength(3);
  });
});

describe("otlp queue on an encrypted queue", () => {
  const old = randomBytes(32);
  const encrypted = { encryption: encryption({ keys: keyRing({ current: rawKey("old", secret(old)) }) }) };

  it("tells what it could not look at from what is damaged", async () => {
    await filled(mixed(), encrypted);
    const { code, lines } = await otlp("verify", folder);
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.stringContaining('is encrypted with the key "old"'),
      "1 segment could not be looked at; give their keys with --queue-key ID=SOURCE",
    ]);
  });

  it("reads it with its key", async () => {
    await filled(mixed(), encrypted);
    const { code, lines } = await otlp("export", folder, "--queue-key", `old=file:${await keyFile(old)}`);
    expect(code).toBe(0);
    expect(lines).toHaveLength(3);
  });

  it("names the key that is missing, and shows what needs none", async () => {
    await filled(mixed(), encrypted);
    const { code, notes } = await otlp("peek", folder);
    expect(code).toBe(1);
    expect(notes).toMatch(/key/);
    const { out } = await otlp("list", folder);
    expect(out).toMatch(/red +traces +1 +3/);
    expect(out).toMatch(/\bold\b/);
  });

  it("puts it under another key, and then needs the old one no more", async () => {
    await filled(mixed(), encrypted);
    const both = ["--queue-key", "new=env:NEW_KEY", "--queue-key", `old=file:${await keyFile(old)}`];
    const { code, out } = await otlp("rotate", folder, ...both);
    expect(out).toMatch(/^1 segment now under the new key, 0 not$/);
    expect(code).toBe(0);
    expect((await otlp("export", folder, "--queue-key", "new=env:NEW_KEY")).lines).toHaveLength(3);
  });

  it("takes no secret from the command line, and does not repeat it", async () => {
    await filled([]);
    const key = old.toString("hex");
    const { code, notes } = await otlp("list", folder, "--queue-key", `old=${key}`);
    expect(code).toBe(2);
    expect(notes).toMatch(/ID=file:PATH or ID=env:NAME/);
    expect(notes).not.toContain(key);
  });
});

describe("otlp queue with wrong words", () => {
  it.each([
    [[], /say what to do: list, peek/],
    [["look", "."], /not "look"/],
    [["list"], /which folder/],
    [["list", "/no/such/folder"], /there is no folder/],
    [["peek", ".", "--limit", "none"], /whole number/],
    [["replay", "."], /--to/],
    [["peek", ".", "--signal", "smoke"], /one of traces/],
    [["list", ".", "--queue-key", "a=env:NOT_THERE"], /the environment has no NOT_THERE/],
  ])("%j", async (argv, text) => {
    const { code, notes } = await otlp(...argv);
    expect(code).toBe(2);
    expect(notes).toMatch(text);
  });
});

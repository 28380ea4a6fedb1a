import { mkdtemp, open as openFile, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encryption, keyRing, rawKey, secret } from "@otlpkit/auth/encryption";
import { type Batch, type Encryption, protobufBatch } from "@otlpkit/core";
import { recordingSender } from "@otlpkit/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspect, openQueue, type Queue, type QueueEvent, type QueueOptions, repair } from "./index.ts";

let folder: string;
let queues: Queue[];
let events: QueueEvent[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "queue-"));
  queues = [];
  events = [];
});
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.close()));
  await rm(folder, { recursive: true });
});

async function open(options: Partial<QueueOptions> = {}): Promise<Queue> {
  const queue = await openQueue({ folder, onEvent: (event) => events.push(event), ...options });
  queues.push(queue);
  return queue;
}

const batchOf = (n: number): Batch => protobufBatch("traces", new Uint8Array(1000).fill(n), n);

async function filled(count: number, options: Partial<QueueOptions> = {}): Promise<string> {
  const queue = await open(options);
  for (let n = 1; n <= count; n++) await queue.send(batchOf(n), {});
  await queue.close();
  const name = (await readdir(folder)).find((one) => one.startsWith("segment"));
  return join(folder, name as string);
}

async function delivered(queue: Queue): Promise<(number | undefined)[]> {
  const far = recordingSender();
  queue.stage({ concurrency: 1 })(far);
  await queue.flush();
  return far.batches.map(({ body }) => body[0]);
}

async function change(path: string, offset: number): Promise<void> {
  const file = await openFile(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
  await file.write(Buffer.of((buffer[0] as number) ^ 4), 0, 1, offset);
  await file.close();
}

/** A ring whose first key is the current one. */
function encryptionWith(...keys: readonly string[]): Encryption {
  const [current, ...older] = keys.map((id) => rawKey(id, secret(Buffer.alloc(32, id).toString("base64"))));
  if (current === undefined) throw new Error("no key");
  return encryption({ keys: keyRing({ current, older }) });
}

const records = 8192;
const recordBytes = 68 + 1000;

describe("a damaged queue", () => {
  it("delivers all but the record whose body was changed, and says which", async () => {
    const path = await filled(3);
    await change(path, records + recordBytes + 500);
    const queue = await open();
    expect(await delivered(queue)).toEqual([1, 3]);
    expect(events).toContainEqual(
      expect.objectContaining({ kind: "dropped", reason: "damaged", batches: 1, items: 2 }),
    );
    const damage = events.find((event) => event.kind === "damage");
    expect(damage).toMatchObject({ offset: records + recordBytes, bytes: recordBytes });
    expect(await readFile(damage?.kind === "damage" ? (damage.file as string) : "")).toHaveLength(recordBytes);
  });

  it("finds its way past a head that was changed, and tells from the others what it held", async () => {
    const far = recordingSender();
    far.script("hang");
    const queue = await open({ closeGraceMs: 1 });
    const stage = queue.stage()(far);
    for (let n = 1; n <= 3; n++) await stage.send(batchOf(n), {});
    await stage.close();
    const name = (await readdir(folder)).find((one) => one.startsWith("segment"));
    await change(join(folder, name as string), records + recordBytes + 20);

    const again = await open();
    expect(again.recovered).toMatchObject({
      damagedPlaces: 1,
      damaged: { batches: 1, items: 2 },
      queued: { batches: 2 },
    });
    expect(await delivered(again)).toEqual([1, 3]);
    expect(again.facts().consumers[0]?.books).toMatchObject({
      accepted: { batches: 3, items: 6 },
      delivered: { batches: 2, items: 4 },
      dropped: { damaged: { batches: 1, items: 2 } },
    });
  });

  it("does without one copy of a file's header, and without both", async () => {
    const path = await filled(3);
    await change(path, 30);
    expect((await open()).recovered.queued.batches).toBe(3);
    await queues.at(-1)?.close();
    await change(path, 4096 + 30);
    expect(await delivered(await open())).toEqual([1, 2, 3]);
  });

  it("cuts what a crash broke off", async () => {
    const path = await filled(3);
    await truncate(path, records + 2 * recordBytes + 300);
    const queue = await open();
    expect(queue.recovered).toMatchObject({ tornBytes: 300, queued: { batches: 2 } });
    await queue.close();
    expect((await open()).recovered).toMatchObject({ tornBytes: 0, queued: { batches: 2 } });
  });

  it("goes on when nobody knows any more who has got what", async () => {
    await filled(3);
    for (const name of await readdir(folder)) {
      if (name.startsWith("progress")) await writeFile(join(folder, name), "nonsense");
    }
    const queue = await open();
    expect(queue.recovered.progressDamaged).toBe(true);
    expect(await delivered(queue)).toEqual([1, 2, 3]);
  });

  it("opens with any bit changed", async () => {
    const path = await filled(2);
    const bytes = await readFile(path);
    for (let offset = 0; offset < bytes.length; offset += 397) {
      const changed = Buffer.from(bytes);
      (changed[offset] as number) ^= 1;
      await writeFile(path, changed);
      const queue = await open();
      expect(queue.recovered.queued.batches).toBeGreaterThanOrEqual(1);
      await queue.close();
      await writeFile(path, bytes);
    }
  });
});

describe("an encrypted queue", () => {
  it("shows nobody a body, and gives it back to who has the key", async () => {
    const path = await filled(3, { encryption: encryptionWith("first") });
    expect((await readFile(path)).includes(Buffer.alloc(50, 2))).toBe(false);
    expect(await delivered(await open({ encryption: encryptionWith("first") }))).toEqual([1, 2, 3]);
  });

  it("notices a changed bit in body and head", async () => {
    const path = await filled(3, { encryption: encryptionWith("first") });
    await change(path, records + 500);
    await change(path, records + 2 * (recordBytes + 16) + 41);
    expect(await delivered(await open({ encryption: encryptionWith("first") }))).toEqual([2]);
  });

  it("leaves alone what it has no key for, says so, and works with the rest", async () => {
    await filled(3, { encryption: encryptionWith("first") });
    const queue = await open({ encryption: encryptionWith("second") });
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: "locked-out",
        error: expect.objectContaining({ message: expect.stringContaining('"first"') }),
      }),
    );
    await queue.send(batchOf(4), {});
    expect(await delivered(queue)).toEqual([4]);
    expect(queue.facts().lockedOut).toHaveLength(1);
    await queue.close();
    expect(await delivered(await open({ encryption: encryptionWith("second", "first") }))).toEqual([1, 2, 3]);
  });

  it("reads what was written before it was encrypted", async () => {
    await filled(2);
    const queue = await open({ encryption: encryptionWith("first") });
    await queue.send(batchOf(3), {});
    expect(await delivered(queue)).toEqual([1, 2, 3]);
  });

  it("changes keys without writing the data again", async () => {
    const path = await filled(3, { encryption: encryptionWith("old") });
    const before = (await readFile(path)).subarray(records);
    const work = await repair(folder, { encryption: encryptionWith("new", "old") });
    expect(await work.rewrap()).toEqual({ rewrapped: 1, failed: [] });
    expect(await work.rewrap()).toEqual({ rewrapped: 0, failed: [] });
    await work.close();
    expect((await readFile(path)).subarray(records).equals(before)).toBe(true);
    expect(await inspect(folder).keys()).toEqual(new Map([["new", 1]]));
    expect(await delivered(await open({ encryption: encryptionWith("new") }))).toEqual([1, 2, 3]);
  });
});

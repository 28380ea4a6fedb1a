// What the relay has acknowledged with a queue on disk, in bad times. The destination keeps account of every item.
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Batch, ExportError } from "@otlpkit/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { firstItemOf } from "./durable/destination.ts";
import { kept } from "./durable/kept.ts";
import { smallDisk } from "./durable/small-disk.ts";

const whole = { missing: [], unexpected: [], duplicate: [] };

const refusalsOf = (outcomes: readonly (Batch | ExportError)[]): ExportError[] =>
  outcomes.filter((one) => ExportError.is(one));

describe("a relay whose destination is away", () => {
  it("loses nothing, for longer than it would try again without a queue, and over a restart", async () => {
    const { book, destination, start } = await kept(1);
    const first = await start();
    expect(refusalsOf(await first.send(20))).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await first.stop();
    const second = await start();
    expect(refusalsOf(await second.send(20))).toEqual([]);
    expect(book.report().received).toBe(0);
    await destination.up();
    await second.drained();
    expect(book.report()).toMatchObject({ ...whole, received: 200 });
  });

  it.each(["http", "grpc"] as const)(
    "refuses over %s what does not fit, with a delay, until there is room",
    async (way) => {
      const { book, destination, start } = await kept(2);
      const { drained, send } = await start({ queue: "max_size: 1MiB, durability: buffered" });
      const outcomes = await send(80, { items: 40, way });
      const refusals = refusalsOf(outcomes);
      expect(refusals.length).toBeGreaterThan(5);
      expect(refusals.length).toBeLessThan(75);
      for (const refusal of refusals) expect(refusal).toMatchObject({ code: "overloaded", retryable: true });
      expect(Math.min(...refusals.map(({ retryAfterMs }) => retryAfterMs))).toBeGreaterThanOrEqual(1000);
      await destination.up();
      await drained();
      // A file goes when somebody needs the room.
      await vi.waitUntil(async () => refusalsOf(await send(1, { way })).length === 0, 10_000);
      await drained();
      expect(book.report()).toMatchObject(whole);
    },
  );

  it("lets senders wait for room where it is told to", async () => {
    const { book, destination, start } = await kept(9);
    const { drained, relay, send } = await start({ queue: "max_size: 1MiB, on_full: block" });
    const lanes = Promise.all(Array.from({ length: 4 }, () => send(20, { items: 40 })));
    await vi.waitUntil(() => book.report().acknowledged > 1500, 10_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(book.report().acknowledged).toBeLessThan(3000);
    await destination.up();
    expect(refusalsOf((await lanes).flat())).toEqual([]);
    await drained();
    expect(book.report()).toMatchObject({ ...whole, received: 3200 });
    expect(relay.ledger().refused).toBe(0);
  });

  it("drops the oldest where it is told to, and says how much", async () => {
    const { book, destination, start } = await kept(10);
    const { drained, relay, said, send } = await start({
      queue: "max_size: 2MiB, on_full: drop_oldest, durability: buffered",
    });
    expect(refusalsOf(await send(150, { items: 40 }))).toEqual([]);
    await destination.up();
    await drained();
    const { delivered, dropped } = relay.ledger().destinations["otlp"]!;
    expect(dropped).toBeGreaterThan(0);
    expect(delivered + dropped).toBe(6000);
    expect(book.report().missing).toHaveLength(dropped);
    expect(said.join("\n")).toContain("dropped data that had been acknowledged");
  });

  it("bounds the queue in requests where a file says so", async () => {
    const { start } = await kept(3);
    const { send } = await start({ queue: "queue_size: 7" });
    const refusals = refusalsOf(await send(10));
    expect(refusals.map(({ message }) => message)).toEqual(Array(3).fill(expect.stringContaining("7 of 7 requests")));
  });

  it("delivers in turns, once it is back, what tenants have sent, however much one of them has", async () => {
    const { destination, start } = await kept(4);
    const { drained, send } = await start({
      service: "tenants: { header: x-tenant }",
      queue: "num_consumers: 4, durability: buffered",
    });
    await send(80, { tenant: "noisy", items: 1 });
    const quiet = await send(6, { tenant: "quiet", items: 1 });
    await destination.up();
    await drained();
    const last = destination.firstItems.indexOf(firstItemOf(quiet.at(-1) as Batch));
    expect(last).toBeGreaterThanOrEqual(0);
    expect(last).toBeLessThan(40);
  });
});

describe("a relay whose destination is broken", () => {
  it("does not take all it has for what will never be wanted, but leaves the destination alone", async () => {
    let broken = true;
    const { book, destination, start } = await kept(8, undefined, async () => {
      if (broken) throw new ExportError("rejected", "out of order", { grpcStatus: 13 });
    });
    await destination.up();
    const { drained, relay, said, send } = await start();
    expect(refusalsOf(await send(100, { items: 1 }))).toEqual([]);
    await vi.waitUntil(() => said.some((line) => line.includes("its circuit breaker is open")), 10_000);
    broken = false;
    await drained();
    const { deadLettered, delivered } = relay.ledger().destinations["otlp"]!;
    expect(deadLettered).toBeGreaterThan(0);
    expect(deadLettered).toBeLessThan(50);
    expect(delivered + deadLettered).toBe(100);
    expect(book.report().received).toBe(delivered);
  });
});

describe("a relay whose disk is full", () => {
  it("lives, refuses with a delay, and goes on by itself when there is room again", async () => {
    const disk = smallDisk(48);
    if (disk !== undefined) onTestFinished(() => disk.remove());
    console.log(disk === undefined ? "no disk may be mounted here: filled by max_size" : "filled a disk of 48 MiB");
    const { book, destination, start } = await kept(5, disk?.folder);
    const { drained, relay, said, send } = await start(disk === undefined ? { queue: "max_size: 1MiB" } : {});
    expect(refusalsOf(await send(3))).toEqual([]);
    disk?.fill(disk.freeBytes());
    const refusal = await vi.waitUntil(async () => refusalsOf(await send(1, { items: 40 }))[0], 20_000);
    expect(refusal).toMatchObject({ retryable: true });
    expect(refusal?.retryAfterMs).toBeGreaterThan(0);
    if (disk === undefined) await destination.up();
    else expect(said.join("\n")).toContain("the disk of the queue fails");
    disk?.free();
    await vi.waitUntil(async () => refusalsOf(await send(1)).length === 0, 20_000);
    await destination.up();
    await drained();
    expect(book.report().missing).toEqual([]);
    expect(relay.health.report().state).toBe("ready");
  });
});

describe("a relay that finds its queue", () => {
  it.each([
    ["in the middle of a body", 0.5],
    ["in front of a body", -0.01],
  ])("damaged %s: starts all the same, tells what is lost, and delivers the rest", async (_, place) => {
    const { book, destination, folder, start } = await kept(6);
    const first = await start();
    const sent = (await first.send(30)) as Batch[];
    await first.stop();
    damage(folder, sent[12]!.body, place);
    const second = await start();
    await destination.up();
    await second.drained();
    const { destinations } = second.relay.ledger();
    expect(destinations["otlp"]).toMatchObject({ delivered: 29 * 5, dropped: 5 });
    const { missing, unexpected } = book.report();
    expect([missing.length, unexpected]).toEqual([5, []]);
    expect(second.said.join("\n")).toMatch(
      /found damage in the queue.*\n(?:.*\n)*.*dropped data that had been acknowledged/,
    );
  });

  it("under a key that is missing: says which, takes and delivers the rest, and that too once the key is there", async () => {
    const { book, destination, folder, start } = await kept(7);
    for (const name of ["old", "new"]) writeFileSync(join(folder, name), randomBytes(32));
    const keys = (...names: string[]): { storage: string } => ({
      storage: `encryption: { keys: [${names.map((name) => `{ id: ${name}, file: "${join(folder, name)}" }`).join(", ")}] }`,
    });
    const first = await start(keys("old"));
    await first.send(10);
    await first.stop();
    const second = await start(keys("new"));
    await second.send(10);
    await destination.up();
    await vi.waitUntil(() => second.relay.ledger().destinations["otlp"]?.delivered === 50, 20_000);
    expect(second.said.join("\n")).toMatch(/cannot read a part of the queue.*old/);
    expect(second.relay.ledger().destinations["otlp"]).toMatchObject({ queued: 50 });
    await second.stop();
    // A change of keys over a restart is the same: the new one first, the old one for what it has locked.
    const third = await start(keys("new", "old"));
    await third.send(10);
    await third.drained();
    expect(book.report()).toMatchObject({ ...whole, received: 150 });
  });
});

/** Changes a byte in the file where `body` stands: at this part of its length. */
function damage(folder: string, body: Uint8Array, part: number): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/segment-\d+\.otlpq$/.test(name)) continue;
    const bytes = readFileSync(join(folder, name));
    const at = bytes.indexOf(body);
    if (at < 0) continue;
    const place = at + Math.round(body.byteLength * part);
    bytes[place] = bytes[place]! ^ 0xff;
    writeFileSync(join(folder, name), bytes);
    return;
  }
  throw new Error("the batch stands in no segment");
}

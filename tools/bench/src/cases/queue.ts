import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, open, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { encryption, keyRing, rawKey, secret } from "@otlpkit/auth/encryption";
import { accepted, type Batch, type Encryption, type Sender } from "@otlpkit/core";
import { openQueue } from "@otlpkit/queue";
import { giveBack } from "../../../../packages/queue/src/give-back.ts";
import { httpTransport } from "@otlpkit/transport-http";
import { httpReceiver } from "@otlpkit/transport-http/server";
import type { Bench } from "../bench.ts";
import { type Child, startChild } from "../child.ts";
import { bigItems, smallItems, traces } from "../fixtures.ts";
import { load } from "../load.ts";
import { compare, local, type Side } from "../measure.ts";

/** F1: the queue by itself; F2: its encryption; F3: the relay with it, every answer after a sync. */
export const queue: readonly Bench[] = [
  { name: "F1 durable queue, big", run: () => append("130 KB", traces(bigItems), 2.3) },
  { name: "F1 durable queue, small", run: () => append("2.3 KB", traces(smallItems), 0) },
  { name: "F2 encryption at rest", run: sealing },
  { name: "F3 durable relay, big", run: () => durable("130 KB", traces(bigItems)) },
  { name: "F3 durable relay, small", run: () => durable("2.3 KB", traces(smallItems)) },
];

const nowhere: Sender = { send: () => Promise.resolve(accepted), close: () => Promise.resolve() };
/** As many as a busy relay has under way. */
const inFlight = 32;

/** Written, synced and delivered to nowhere, against a file that is synced after each record. */
async function append(size: string, batch: Batch, goal: number): ReturnType<Bench["run"]> {
  const folder = await mkdtemp(join(tmpdir(), "otlpkit-bench-"));
  const queued = await openQueue({ folder: join(folder, "queue"), maxBytes: 512 * 2 ** 20 });
  queued.drain(nowhere, { concurrency: inFlight });
  const path = join(folder, "plain");
  const file = await open(path, "w");
  const oneByOne: Side = async (rounds) => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const header = Buffer.alloc(64);
    for (let round = 0, at = 0; round < rounds; round++) {
      header.writeUInt32LE(crc32(batch.body), 0);
      await file.writev([header, batch.body], at);
      await file.datasync();
      at = (at + header.length + batch.body.length) % (64 * 2 ** 20);
    }
    const wallMicros = (performance.now() - start) * 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { wallMicros, cpuMicros: user + system };
  };
  const comparison = await compare(
    load(() => queued.send(batch, {}), [], { inFlight }),
    oneByOne,
    { runMs: 1000 },
  );
  await queued.flush();
  assert.equal(queued.facts().queued.batches, 0);
  await queued.close();
  await file.close();
  await unlink(path);
  await rm(folder, { recursive: true });
  const megabytes = (wallMicros: number): string => `${(batch.body.byteLength / wallMicros).toFixed(0)} MB/s`;
  const note = `${size}: ours ${megabytes(comparison.ours.wallMicros)}, a sync for each record ${megabytes(comparison.peer.wallMicros)}`;
  const work = `durable queue, ${size}, ${inFlight} in flight, delivered`;
  return [{ id: "F1", work, peer: "fdatasync per record", goal, by: "wall", comparison, items: batch.items, note }];
}

/**
 * What sealing a record costs, in the size that is written at a time, with its memory given back as the queue does. The
 * checksum of a record in the clear is what it costs instead: the seal proves more.
 */
async function sealing(): ReturnType<Bench["run"]> {
  const { body, items } = traces(bigItems);
  const file = await ours().create("bench");
  let index = 0;
  const parts = [body];
  const comparison = await compare(
    local(() => file.seal(index++, parts).forEach(giveBack)),
    local(() => void crc32(body)),
  );
  const perSpan = comparison.ours.cpuMicros / items;
  return [
    {
      id: "F2",
      work: "AES-256-GCM in place of CRC-32, 130 KB",
      peer: "CRC-32",
      unit: "µs a span",
      ours: perSpan,
      theirs: comparison.peer.cpuMicros / items,
      spread: [perSpan, perSpan],
      goal: { atMost: 0.3 },
    },
  ];
}

/** How many relays of each kind: two processes that do the same differ by more than what is measured here. */
const relays = 3;

/**
 * The relay's throughput, each request answered after a sync and then delivered; encrypted against plain, and plain against
 * no queue. Its CPU stands beside it.
 */
async function durable(size: string, batch: Batch): ReturnType<Bench["run"]> {
  let waited = 0;
  let arrivedAll = (): void => {};
  const sink = await httpReceiver({ port: 0 }).listen({
    ...nowhere,
    send: () => {
      if (--waited === 0) arrivedAll();
      return nowhere.send(batch, {});
    },
  });
  const to = `http://${sink.address}`;
  const kinds = [["encrypted"], ["fsynced"], []];
  const kindsOfRelays = await Promise.all(
    kinds.map((kind) =>
      Promise.all(Array.from({ length: relays }, () => startChild("our-relay", "http", to, ...kind))),
    ),
  );
  const senders: Sender[] = [];
  /** Each run is a relay's turn. */
  const side = (children: readonly Child[]): Side => {
    const sides = children.map((child) => {
      const sender = httpTransport({ maxConnections: inFlight }).connect({ url: child.ready });
      senders.push(sender);
      const arrived = (): Promise<void> =>
        waited === 0 ? Promise.resolve() : new Promise((resolve) => (arrivedAll = resolve));
      const one = load(() => sender.send(batch, {}), [child], { countSelf: false, inFlight, arrived });
      return (rounds: number) => {
        waited = rounds;
        return one(rounds);
      };
    });
    let turn = 0;
    return (rounds) => (sides[turn++ % sides.length] as Side)(rounds);
  };
  const [encrypted, plain, direct] = kindsOfRelays.map(side) as [Side, Side, Side];
  for (const each of [encrypted, plain, direct]) for (let warm = 0; warm < relays; warm++) await each(2000);
  // Many short runs: they differ by a fifth, and a twentieth is to be seen.
  const dearer = await compare(encrypted, plain, { runMs: 400, pairs: 20 * relays });
  const durability = await compare(plain, direct, { runMs: 1500 });
  await Promise.all(senders.map((sender) => sender.close()));
  await Promise.all(kindsOfRelays.flat().map((child) => child.stop()));
  await sink.close();
  const { items } = batch;
  const rate = ({ wallMicros }: { wallMicros: number }): string =>
    `${Math.round((items * 1e6) / wallMicros).toLocaleString("en-US")} spans/s`;
  const note = `${size}: ${rate(durability.ours)} durable, ${rate(dearer.ours)} encrypted, ${rate(durability.peer)} without a queue`;
  return [
    {
      id: "F3",
      work: `durable relay, ${size}, encrypted`,
      peer: "the same, plain",
      goal: 0.95,
      by: "wall",
      comparison: dearer,
      items,
      note,
    },
    {
      id: "F3",
      work: `durable relay, ${size}`,
      peer: "the same, no queue",
      goal: 0,
      by: "wall",
      comparison: durability,
      items,
    },
  ];
}

function ours(): Encryption {
  return encryption({ keys: keyRing({ current: rawKey("bench", secret(randomBytes(32))) }) });
}

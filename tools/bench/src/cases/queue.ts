import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, open, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { encryption, keyRing, rawKey, secret } from "@otlpkit/auth/encryption";
import { accepted, type Batch, type Encryption, type Sender } from "@otlpkit/core";
import { openQueue } from "@otlpkit/queue";
import { httpTransport } from "@otlpkit/transport-http";
import { httpReceiver } from "@otlpkit/transport-http/server";
import type { Bench } from "../bench.ts";
import { startChild } from "../child.ts";
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

/** What a record costs that is sealed and checked, in the size that is written at a time. */
async function sealing(): ReturnType<Bench["run"]> {
  const { body, items } = traces(bigItems);
  const file = await ours().create("bench");
  let index = 0;
  const parts = [body];
  const comparison = await compare(
    local(() => void file.seal(index++, parts)),
    local(() => void crc32(body)),
  );
  const perSpan = (comparison.ours.cpuMicros + comparison.peer.cpuMicros) / items;
  return [
    {
      id: "F2",
      work: "AES-256-GCM and CRC-32, 130 KB",
      peer: "CRC-32 alone",
      unit: "µs a span",
      ours: perSpan,
      theirs: comparison.peer.cpuMicros / items,
      spread: [perSpan, perSpan],
      goal: { atMost: 0.3 },
    },
  ];
}

/** The relay's CPU a span, each request answered after a sync; encrypted against plain, and plain against no queue. */
async function durable(size: string, batch: Batch): ReturnType<Bench["run"]> {
  const sink = await httpReceiver({ port: 0 }).listen(nowhere);
  const to = `http://${sink.address}`;
  const [encrypted, plain, direct] = await Promise.all([
    startChild("our-relay", "http", to, "encrypted"),
    startChild("our-relay", "http", to, "fsynced"),
    startChild("our-relay", "http", to),
  ]);
  const senders = [encrypted, plain, direct].map(({ ready }) =>
    httpTransport({ maxConnections: inFlight }).connect({ url: ready }),
  );
  const [toEncrypted, toPlain, toDirect] = senders as [Sender, Sender, Sender];
  const side = (sender: Sender, child: typeof plain): Side =>
    load(() => sender.send(batch, {}), [child], { countSelf: false, inFlight });
  const dearer = await compare(side(toEncrypted, encrypted), side(toPlain, plain), { runMs: 1500 });
  const durability = await compare(side(toPlain, plain), side(toDirect, direct), { runMs: 1500 });
  await Promise.all(senders.map((sender) => sender.close()));
  await Promise.all([encrypted.stop(), plain.stop(), direct.stop(), sink.close()]);
  const { items } = batch;
  const rate = ({ wallMicros }: { wallMicros: number }): string =>
    `${Math.round((items * 1e6) / wallMicros).toLocaleString("en-US")} spans/s`;
  const note = `${size}: ${rate(durability.ours)} durable, ${rate(dearer.ours)} encrypted, ${rate(durability.peer)} without a queue`;
  return [
    {
      id: "F3",
      work: `durable relay, ${size}, encrypted, CPU`,
      peer: "the same, plain",
      goal: 0.95,
      by: "cpu",
      comparison: dearer,
      items,
      note,
    },
    {
      id: "F3",
      work: `durable relay, ${size}, CPU`,
      peer: "the same, no queue",
      goal: 0,
      by: "cpu",
      comparison: durability,
      items,
    },
  ];
}

function ours(): Encryption {
  return encryption({ keys: keyRing({ current: rawKey("bench", secret(randomBytes(32))) }) });
}

import assert from "node:assert/strict";
import { gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";
import type { Compressor } from "@otlpkit/core";
import { gzip, zstd } from "@otlpkit/compression";
import type { Bench } from "../bench.ts";
import { traces } from "../fixtures.ts";
import { compare, type Side } from "../measure.ts";

const items = 512;

/** C4: the same batch, at no less than 85 % of gzip 6's ratio. */
export const compression: readonly Bench[] = [
  { name: "C4 zstd 1", run: () => against("zstd 1", zstd({ level: 1 }), zstdDecompressSync, 5) },
  { name: "C4 gzip 1", run: () => against("gzip 1", gzip({ level: 1 }), gunzipSync, 2.2) },
];

async function against(
  name: string,
  compressor: Compressor,
  undo: (body: Uint8Array) => Uint8Array,
  goal: number,
): ReturnType<Bench["run"]> {
  const { body } = traces(items);
  const peer = gzip({ level: 6 });
  const ours = await compressor.compress(body);
  assert.deepEqual(new Uint8Array(undo(ours)), new Uint8Array(body));
  const share = gzipSync(body, { level: 6 }).byteLength / ours.byteLength;
  const comparison = await compare(sequential(compressor, body), sequential(peer, body));
  const note = `${name} reaches ${(share * 100).toFixed(0)} % of gzip 6's ratio`;
  return [{ id: "C4", work: `compress 512 spans, ${name}`, peer: "gzip 6", goal, by: "cpu", comparison, items, note }];
}

function sequential(compressor: Compressor, body: Uint8Array): Side {
  return async (rounds) => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    for (let round = 0; round < rounds; round++) await compressor.compress(body);
    const wallMicros = (performance.now() - start) * 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { wallMicros, cpuMicros: user + system };
  };
}

import { type Batch, protobufBatch, signalNames } from "@otlpkit/core";
import { type Random, randomFrom } from "./random.ts";

/** Makes batches that can be told apart, whatever becomes of them: of any signal, tenant, size, encoding and headers. */
export interface Payloads {
  next(): Batch;
}

/** Small ones mostly; some empty; a few larger than a segment of `segmentBytes`. */
export function payloads(random: Random, segmentBytes: number, tenants: readonly (string | undefined)[]): Payloads {
  let made = 0;
  const length = (): number => {
    const kind = random.below(20);
    if (kind === 0) return 0;
    if (kind === 1) return segmentBytes + random.below(segmentBytes);
    if (kind === 2) return random.below(segmentBytes);
    return random.below(300);
  };
  return {
    next() {
      const tenant = random.pick(tenants);
      return {
        signal: random.pick(signalNames),
        body: random.bytes(length()),
        items: random.below(5) === 0 ? 0 : 1 + random.below(100),
        format: random.chance(0.9) ? "protobuf" : "json",
        encoding: random.pick(["identity", "identity", "gzip", "zstd"]),
        headers: { "x-number": String(++made), ...(random.chance(0.3) && { "x-scope": `Grüße ${random.below(3)}` }) },
        ...(tenant !== undefined && { tenant }),
      };
    },
  };
}

/** One item of logs, always the same for the same number. */
export function numbered(number: number, bytes: number): Batch {
  const body = randomFrom(number).bytes(bytes);
  return { ...protobufBatch("logs", body, 1), headers: { "x-number": String(number) } };
}

/** The name of a batch of {@link payloads}, or of {@link numbered}. */
export function numberOf(batch: Batch): number {
  return Number(batch.headers["x-number"]);
}

/** The first thing in which two batches differ. */
export function difference(found: Batch, expected: Batch): string | undefined {
  for (const key of ["signal", "items", "format", "encoding", "tenant"] as const) {
    if (found[key] !== expected[key]) return `${key} is ${found[key]}, not ${expected[key]}`;
  }
  const headers = (batch: Batch): string =>
    JSON.stringify(Object.entries(batch.headers).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  if (headers(found) !== headers(expected)) return `headers are ${headers(found)}, not ${headers(expected)}`;
  return Buffer.compare(found.body, expected.body) === 0 ? undefined : "the body is another";
}

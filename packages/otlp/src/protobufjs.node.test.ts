// protobufjs, which reads the .proto files by itself, as a second opinion.

import { fileURLToPath } from "node:url";
import { type Signal, signalNames } from "@otlpkit/core";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { requestNames } from "./generated/schema.ts";
import { randomMessage } from "./random-message.test.ts";

const root = new protobuf.Root();
root.resolvePath = (_, target) => fileURLToPath(new URL(`../../../proto/${target}`, import.meta.url));
const services = ["trace/v1/trace", "metrics/v1/metrics", "logs/v1/logs", "profiles/v1development/profiles"];
root.loadSync(services.map((path) => `opentelemetry/proto/collector/${path}_service.proto`));

const signal = fc.constantFrom<Signal>(...signalNames);

describe("protobufjs", () => {
  it("reads what we write", () => {
    fc.assert(
      fc.property(signal, fc.integer(), (of, seed) => {
        const value = randomMessage(requestNames[of], seed);
        const type = root.lookupType(requestNames[of]);
        const read = type.toObject(type.decode(encode(of, value)), { longs: String, bytes: Array });
        expect(plain(read)).toEqual(plain(value));
      }),
      { numRuns: 300 },
    );
  });

  it("writes the same bytes, which we read", () => {
    fc.assert(
      fc.property(signal, fc.integer(), (of, seed) => {
        const value = randomMessage(requestNames[of], seed);
        const type = root.lookupType(requestNames[of]);
        const written = new Uint8Array(type.encode(type.decode(encode(of, value))).finish());
        expect(written).toEqual(encode(of, value));
        expect(decode(of, written)).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });
});

/** With 64-bit integers as text and bytes as arrays, as protobufjs can be told to give them. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

// What passes the scanner is read by protobufjs, and what protobufjs can't read doesn't pass.

import { fileURLToPath } from "node:url";
import { ExportError, protobufBatch, type Signal, signalNames } from "@otlpkit/core";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { editBatch } from "./edit.ts";
import { encode } from "./encode.ts";
import { requestNames } from "./generated/schema.ts";
import { randomMessage, randomOf } from "./random-message.test.ts";
import { scan } from "./scan.ts";
import { splitByItems } from "./split.ts";
import { countItems } from "./visit.ts";

const root = new protobuf.Root();
root.resolvePath = (_, target) => fileURLToPath(new URL(`../../../proto/${target}`, import.meta.url));
const services = ["trace/v1/trace", "metrics/v1/metrics", "logs/v1/logs", "profiles/v1development/profiles"];
root.loadSync(services.map((path) => `opentelemetry/proto/collector/${path}_service.proto`));

const signal = fc.constantFrom<Signal>(...signalNames);

/** Whether the scanner takes it. Anything but a number or "invalid" is a fault. */
function passes(of: Signal, body: Uint8Array): boolean {
  try {
    scan(of, body);
    return true;
  } catch (error) {
    if (!ExportError.is(error) || error.code !== "invalid") throw error;
    expect(error.message).toMatch(/ at byte \d+/);
    return false;
  }
}

function protobufjsReads(of: Signal, body: Uint8Array): boolean {
  try {
    root.lookupType(requestNames[of]).decode(body);
    return true;
  } catch {
    return false;
  }
}

/** Changes some bytes, takes some out, puts some in. */
function mutate(body: Uint8Array, random: () => number): Uint8Array {
  const bytes = [...body];
  for (let change = Math.ceil(random() * 3); change > 0; change--) {
    const at = Math.floor(random() * bytes.length);
    const byte = Math.floor(random() * 256);
    const kind = random();
    if (kind < 0.4) bytes[at] = byte;
    else if (kind < 0.6) bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    else if (kind < 0.8) bytes.splice(at, 1);
    else bytes.splice(at, 0, byte);
  }
  return Uint8Array.from(bytes);
}

/** What has passed must be safe for all that read without checking. */
function trust(of: Signal, body: Uint8Array): void {
  const batch = protobufBatch(of, body, scan(of, body));
  expect(countItems(of, body)).toBe(batch.items);
  const pieces = of === "profiles" ? [] : splitByItems({ ...batch, items: Infinity }, 1);
  if (of !== "profiles") expect(pieces.length).toBe(batch.items);
  for (const piece of pieces) expect(scan(of, piece.body)).toBe(1);
  const edited = editBatch(batch, {
    resource: (resource) => resource.setAttribute("added", 1),
    scope: (scope) => scope.setAttribute("added", 1),
    ...(of === "profiles" ? {} : { item: (item) => item.removeAttribute("a") }),
  });
  expect(scan(of, edited.body)).toBe(batch.items);
}

describe("scan and protobufjs", () => {
  it("agree about requests with damaged bytes", () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(signal, fc.integer(), fc.integer(), (of, seed, damage) => {
        const body = mutate(encode(of, randomMessage(requestNames[of], seed)), randomOf(damage));
        if (passes(of, body)) {
          taken++;
          expect(protobufjsReads(of, body)).toBe(true);
          trust(of, body);
        } else {
          refused++;
        }
      }),
      { numRuns: 4000 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(100);
  });

  it("agree about requests cut short anywhere", () => {
    fc.assert(
      fc.property(signal, fc.integer(), (of, seed) => {
        const body = encode(of, randomMessage(requestNames[of], seed));
        const step = Math.max(1, Math.floor(body.length / 300));
        for (let length = 0; length < body.length; length += step) {
          const cut = body.subarray(0, length);
          if (passes(of, cut)) expect(protobufjsReads(of, cut)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("agree about arbitrary bytes", () => {
    fc.assert(
      fc.property(signal, fc.uint8Array({ maxLength: 64 }), (of, body) => {
        if (passes(of, body)) expect(protobufjsReads(of, body)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

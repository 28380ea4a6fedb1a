// Random messages for the tests of the codecs: any message of the schema, made from a seed, as `decode` would make it.

import { describe, expect, it } from "vitest";
import { messages } from "./generated/schema.ts";
import { type FieldLayout, layoutOf, type MessageLayout } from "./layout.ts";

/** A message with some of its fields set, none of them to what absence means. */
export function randomMessage(name: string, seed: number): Record<string, unknown> {
  return message(layoutOf(name), randomOf(seed), 0);
}

/** Numbers from 0 (inclusive) to 1 (exclusive), the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const texts = [
  "",
  "a",
  "service.name",
  "naïve – 走る 🏃",
  'quote " and \\ back',
  "\u0000\u001f\u007f",
  "\u2028\u2029\ufeff",
  "x".repeat(200),
  "é".repeat(70),
];
const doubles = [
  0,
  -0,
  0.1,
  5e-324,
  1.7976931348623157e308,
  1e21,
  1e-7,
  123456789.125,
  Number.NaN,
  Infinity,
  -Infinity,
  -1,
  2 ** 53,
];
const wide = [
  0n,
  1n,
  127n,
  128n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  1700000000123456789n,
];
const narrow = [0, 1, 127, 128, 16384, 2 ** 21, 2 ** 28, 2 ** 31 - 1];

function message(layout: MessageLayout, random: () => number, depth: number): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  const { length } = layout.fields;
  const first = Math.floor(random() * length); // begins anywhere, so that every arm of a oneof gets its turn
  for (let i = 0; i < length; i++) {
    const field = layout.fields[(first + i) % length]!;
    const likely = field.kind === "message" ? 0.9 - depth * 0.08 : 0.5;
    if (random() > likely || field.rivalNames.some((name) => made[name] !== undefined)) continue;
    if (field.repeated) {
      const size = 1 + Math.floor(random() * 3);
      made[field.name] = Array.from({ length: size }, () => value(field, random, depth));
    } else {
      const one = value(field, random, depth);
      if (field.explicit || field.kind === "message" || !isZero(one)) made[field.name] = one;
    }
  }
  return made;
}

function value(field: FieldLayout, random: () => number, depth: number): unknown {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  switch (field.kind) {
    case "message":
      return message(field.message!, random, depth + 1);
    case "string":
      return pick(texts);
    case "bytes":
      return Uint8Array.from({ length: pick([0, 1, 2, 3, 8, 16, 16, 200]) }, () => random() * 256);
    case "double":
      return random() < 0.5 ? pick(doubles) : (random() - 0.5) * 10 ** Math.floor(random() * 40 - 20);
    case "bool":
      return random() < 0.5;
    case "uint64":
    case "fixed64":
      return random() < 0.3 ? 2n ** 64n - 1n - pick(wide) : pick(wide);
    case "int64":
    case "sfixed64":
      return random() < 0.5 ? -1n - pick(wide) : pick(wide);
    case "uint32":
    case "fixed32":
      return random() < 0.3 ? 2 ** 32 - 1 - pick(narrow) : pick(narrow);
    default:
      return random() < 0.4 ? -1 - pick(narrow) : pick(narrow);
  }
}

function isZero(one: unknown): boolean {
  return (
    one === "" || one === false || one === 0n || Object.is(one, 0) || (one instanceof Uint8Array && one.length === 0)
  );
}

describe("random messages", () => {
  it("set every field of the schema sooner or later", () => {
    for (const { name, fields } of Object.values(messages)) {
      const unset = new Set(fields.map((field) => field.name));
      for (let seed = 0; seed < 200; seed++)
        for (const set of Object.keys(randomMessage(name, seed))) unset.delete(set);
      expect([name, ...unset]).toEqual([name]);
    }
  });
});

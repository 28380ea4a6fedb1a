import type { Compressor } from "@otlpkit/core";
import { seeded } from "../seeded.ts";
import { randomFrom } from "../seeded/random.ts";
import { check, equal, failsWith, sameBytes } from "./check.ts";
import { type CaseOptions, register, type Runner } from "./runner.ts";

/**
 * Proves a {@link Compressor}.
 *
 * ```ts no-run
 * compressorCases({ it }, () => snappy());
 * ```
 */
export function compressorCases(runner: Runner, make: () => Compressor, options?: CaseOptions): void {
  const telemetry = (): Uint8Array => seeded(1).traces({ items: 200 }).body;

  const bodies: Readonly<Record<string, () => Uint8Array>> = {
    "no bytes at all": () => new Uint8Array(),
    "one byte": () => Uint8Array.of(7),
    "a batch of telemetry": telemetry,
    "a megabyte of zeros": () => new Uint8Array(1 << 20),
    "bytes that cannot be made smaller": () => randomFrom(2).bytes(100_000),
  };
  const roundTrips = Object.entries(bodies).map(([what, body]) => ({
    name: `gives back ${what} as it was [B-01, D-01]`,
    run: async () => {
      const compressor = make();
      const original = body();
      const back = await compressor.decompress(await compressor.compress(original), Math.max(1, original.length));
      sameBytes(back, original, what);
    },
  }));

  register(
    runner,
    [
      ...roundTrips,
      {
        name: "has a name as it goes on the wire, which is a token in lower case [C-07]",
        run: async () => check(/^[a-z0-9][a-z0-9._-]*$/.test(make().name), `"${make().name}" is such a name`),
      },
      {
        name: "makes telemetry smaller",
        run: async () => {
          const original = telemetry();
          const compressed = await make().compress(original);
          check(compressed.length < original.length, `${compressed.length} bytes are fewer than ${original.length}`);
        },
      },
      {
        name: "leaves its input as it was [F-17, H-06]",
        run: async () => {
          const compressor = make();
          const original = telemetry();
          const compressed = await compressor.compress(original);
          sameBytes(original, telemetry(), "the input of compress");
          const copy = compressed.slice();
          await compressor.decompress(compressed, original.length);
          sameBytes(compressed, copy, "the input of decompress");
        },
      },
      {
        name: "works on a part of a larger buffer",
        run: async () => {
          const compressor = make();
          const original = telemetry();
          const larger = new Uint8Array(original.length + 20).fill(0xff);
          larger.set(original, 10);
          const compressed = await compressor.compress(larger.subarray(10, 10 + original.length));
          const wrapped = new Uint8Array(compressed.length + 20).fill(0xff);
          wrapped.set(compressed, 10);
          const back = await compressor.decompress(wrapped.subarray(10, 10 + compressed.length), original.length);
          sameBytes(back, original, "the body");
        },
      },
      {
        name: "does several bodies at a time",
        run: async () => {
          const compressor = make();
          const originals = Array.from({ length: 8 }, (_, seed) => seeded(seed).logs({ items: 20 + seed }).body);
          const compressed = await Promise.all(originals.map((body) => compressor.compress(body)));
          const back = await Promise.all(compressed.map((body) => compressor.decompress(body, 1 << 20)));
          for (const [index, body] of back.entries()) {
            sameBytes(body, originals[index] ?? new Uint8Array(), `body ${index}`);
          }
        },
      },
      {
        name: "produces up to maxBytes and refuses one more as too-large [B-02, D-02, N1-01]",
        run: async () => {
          const compressor = make();
          const compressed = await compressor.compress(telemetry());
          const bytes = telemetry().length;
          equal((await compressor.decompress(compressed, bytes)).length, bytes, "bytes at the limit");
          const error = await failsWith(compressor.decompress(compressed, bytes - 1), "too-large", "one byte more");
          check(!error.retryable, "too-large is not to be sent again");
        },
      },
      {
        name: "refuses a bomb as too-large [B-02, D-02]",
        run: async () => {
          const compressor = make();
          const bomb = await compressor.compress(new Uint8Array(32 << 20));
          check(bomb.length < 1 << 20, `32 MiB of zeros take ${bomb.length} bytes, fewer than a megabyte`);
          await failsWith(compressor.decompress(bomb, 1 << 20), "too-large", "a bomb of 32 MiB");
        },
      },
      {
        name: "refuses a body that is cut short as invalid, wherever it is cut [D-14]",
        run: async () => {
          const compressor = make();
          const compressed = await compressor.compress(telemetry());
          for (const part of [0.1, 0.5, 0.9]) {
            const cut = compressed.subarray(0, Math.floor(compressed.length * part));
            await failsWith(compressor.decompress(cut, 1 << 20), "invalid", `the first ${part * 100} %`);
          }
          await failsWith(
            compressor.decompress(compressed.subarray(0, -1), 1 << 20),
            "invalid",
            "all but the last byte",
          );
        },
      },
      {
        name: "refuses what was never compressed as invalid [D-14]",
        run: async () => {
          const garbage = new TextEncoder().encode("these are not compressed bytes at all");
          const error = await failsWith(make().decompress(garbage, 1 << 20), "invalid", "garbage");
          check(!error.retryable, "invalid is not to be sent again");
        },
      },
    ],
    options,
  );
}

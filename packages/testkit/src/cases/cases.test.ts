import { type Ack, type Batch, type Compressor, ExportError, type Middleware, middleware } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import {
  compressorCases,
  middlewareCases,
  recordingSender,
  runCases,
  type Runner,
  senderCases,
  type SenderUnderTest,
} from "../index.ts";

describe("middlewareCases: a stage that does nothing passes", () => {
  middlewareCases({ it }, () => middleware((batch, options, next) => next(batch, options)));
});

describe("senderCases: the recording sender passes", () => {
  senderCases({ it }, async () => underTest());
});

describe("compressorCases: run-length coding passes", () => {
  compressorCases({ it }, () => runLength(), {
    cannot: { "makes telemetry smaller": "run lengths are for zeros, and telemetry has few" },
  });
});

describe("the kit", () => {
  it("catches a compressor that ignores its limit", async () => {
    const broken: Compressor = { ...runLength(), decompress: (body) => runLength().decompress(body, Infinity) };
    expect(await failures((runner) => compressorCases(runner, () => broken))).toEqual([
      "makes telemetry smaller",
      "produces up to maxBytes and refuses one more as too-large [B-02, D-02, N1-01]",
      "refuses a bomb as too-large [B-02, D-02]",
    ]);
  });

  it("catches a compressor that takes garbage", async () => {
    const copying: Compressor = {
      name: "copy",
      compress: async (body) => body.slice(),
      decompress: async (body) => body.slice(),
    };
    expect(await failures((runner) => compressorCases(runner, () => copying))).toContain(
      "refuses what was never compressed as invalid [D-14]",
    );
  });

  it("catches a stage that swallows errors", async () => {
    const swallowing = middleware(async (batch, options, next) =>
      next(batch, options).catch((): Ack => ({ rejectedItems: 0, message: "never mind" })),
    );
    expect(await failures((runner) => middlewareCases(runner, () => swallowing))).toEqual([
      "fails with the permanent error of the next sender",
      "ends with timeout when the deadline passes [A-17]",
      "ends with cancelled when the caller gives up",
      "fails with closed after close",
    ]);
  });

  it("catches a stage that keeps close to itself", async () => {
    const careless: Middleware = (next) => ({
      send: (batch, options) => next.send(batch, options),
      close: async () => {},
    });
    expect(await failures((runner) => middlewareCases(runner, () => careless))).toEqual([
      "closes the next sender, after what is under way",
      "may be closed twice",
      "fails with closed after close",
    ]);
  });

  it("catches a stage that changes bodies in place", async () => {
    const scribbling = middleware((batch, options, next) => {
      batch.body.reverse();
      return next(batch, options);
    });
    expect(await failures((runner) => middlewareCases(runner, () => scribbling))).toEqual([
      "leaves the batch that it is given as it was [F-17, H-06]",
    ]);
  });

  it("catches a sender that does not look at the deadline", async () => {
    const deaf = async (): Promise<SenderUnderTest> => {
      const under = underTest();
      const sender = {
        ...under.sender,
        send: (batch: Batch) => under.sender.send(batch, {}),
        close: async () => {
          under.release();
          await under.sender.close();
        },
      };
      return { ...under, sender };
    };
    const found = await failures((runner) => senderCases(runner, deaf), 1000);
    expect(found).toContain("ends with timeout at once when the deadline has passed before");
    expect(found).toContain("sends nothing for a caller who gave up before");
  });

  it("lists what does not apply as skipped, with the reason, and the rest as passed", async () => {
    const name = "hands on every item";
    const cannot = { [name]: "it drops every second" };
    const { passed, skipped } = await runCases((runner) => middlewareCases(runner, () => (next) => next, { cannot }));
    expect(skipped).toEqual([`${name} (cannot: it drops every second)`]);
    expect(passed).toContain("may be closed twice");
    expect(passed).not.toContain(name);
  });

  it("does not take a slip for a case that does not apply", () => {
    expect(() => compressorCases({ it: () => undefined }, runLength, { cannot: { "makes tea": "no water" } })).toThrow(
      'there is no case "makes tea"',
    );
  });
});

async function failures(register: (runner: Runner) => void, patienceMs = 5000): Promise<string[]> {
  const { failed } = await runCases(register, { patienceMs });
  return failed.map(({ name }) => name);
}

function underTest(): SenderUnderTest {
  const sender = recordingSender();
  const held: (() => void)[] = [];
  const arrivals: { count: number; resolve: () => void }[] = [];
  let holding = false;
  sender.script(() => {
    for (const { count, resolve } of arrivals) if (sender.batches.length >= count) resolve();
    const ack: Ack = { rejectedItems: 0, message: "" };
    if (!holding) return ack;
    return new Promise((resolve) => held.push(() => resolve(ack)));
  });
  return {
    sender,
    hold: () => (holding = true),
    release() {
      holding = false;
      for (const answer of held) answer();
    },
    arrived: (count) =>
      sender.batches.length >= count ? Promise.resolve() : new Promise((resolve) => arrivals.push({ count, resolve })),
    dispose: async () => {},
  };
}

/** Four bytes of length, then pairs of a count and a byte. */
function runLength(): Compressor {
  return {
    name: "run-length",
    async compress(body) {
      const out = [...new Uint8Array(new Uint32Array([body.length]).buffer)];
      for (let at = 0; at < body.length;) {
        let end = at;
        while (end < body.length && end - at < 255 && body[end] === body[at]) end++;
        out.push(end - at, body[at] ?? 0);
        at = end;
      }
      return Uint8Array.from(out);
    },
    async decompress(body, maxBytes) {
      const length = new DataView(body.slice(0, 4).buffer).getUint32(0, true);
      let total = 0;
      for (let at = 4; at < body.length; at += 2) total += body[at] ?? 0;
      if (total > maxBytes) throw new ExportError("too-large", `more than ${maxBytes} bytes`);
      if (total !== length || body.length % 2 === 1) throw new ExportError("invalid", "the runs do not add up");
      const produced = new Uint8Array(total);
      for (let at = 4, to = 0; at < body.length; at += 2) {
        const count = body[at] ?? 0;
        produced.fill(body[at + 1] ?? 0, to, to + count);
        to += count;
      }
      return produced;
    },
  };
}

import { encode } from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerTo, query, rcodeOf } from "./message.ts";

describe("answerTo", () => {
  const asked = query("relay.example", "A", true);
  const answer = encode({
    type: "response",
    id: asked.id,
    flags: 3,
    questions: [{ type: "A", name: "Relay.EXAMPLE", class: "IN" }],
    answers: [{ type: "A", name: "relay.example", ttl: 1, data: "127.0.0.1" }],
  });

  it("knows its answer, however the name is written", () => {
    expect(rcodeOf(answerTo(asked, answer) ?? expect.unreachable())).toBe("NXDOMAIN");
  });

  it("takes anything, and never for an answer what has another id or another question", () => {
    const flips = fc.array(fc.record({ at: fc.nat(answer.length - 1), to: fc.integer({ min: 0, max: 255 }) }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(flips, fc.nat(answer.length), (changes, length) => {
        const bytes = Uint8Array.from(answer.subarray(0, length));
        for (const { at, to } of changes) if (at < length) bytes[at] = to;
        const packet = answerTo(asked, bytes);
        if (packet === undefined) return;
        expect(packet.id).toBe(asked.id);
        expect(packet.questions?.[0]?.name.toLowerCase()).toBe("relay.example");
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(answerTo(asked, bytes)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it("asks with the size that it can take, or plainly", () => {
    expect(asked.bytes.byteLength).toBe(query("relay.example", "A", false).bytes.byteLength + 11);
  });
});

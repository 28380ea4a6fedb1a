import { type Signal, signalNames } from "@otlpkit/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { requestNames } from "./generated/schema.ts";
import { jsonToProtobuf, protobufToJson } from "./json.ts";
import { randomMessage } from "./random-message.test.ts";
import { scan } from "./scan.ts";

describe("the scanner and the codecs", () => {
  it("agree: what scan takes can be decoded", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Signal>(...signalNames),
        fc.integer(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }),
        (signal, seed, hits) => {
          const body = encode(signal, randomMessage(requestNames[signal], seed)).slice();
          for (const [at, byte] of hits) if (body.length > 0) body[at % body.length] = byte;
          try {
            scan(signal, body);
          } catch {
            return; // what scan refuses never comes here
          }
          expect(decode(signal, body)).toBeTypeOf("object");
        },
      ),
      { numRuns: 500 },
    );
  });

  it("count the same items", () => {
    fc.assert(
      fc.property(fc.constantFrom<Signal>(...signalNames), fc.integer(), (signal, seed) => {
        const body = encode(signal, randomMessage(requestNames[signal], seed));
        expect(jsonToProtobuf(signal, protobufToJson(signal, body)).items).toBe(scan(signal, body));
      }),
      { numRuns: 300 },
    );
  });
});

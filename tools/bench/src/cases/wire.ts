import assert from "node:assert/strict";
import { ExportError } from "@otlpkit/core";
import { scan, splitByKey, traceIdBucket, traceIdHash, visitTraceIds } from "@otlpkit/otlp";
import type { Bench } from "../bench.ts";
import { bigItems, protobufjsTraces, traces } from "../fixtures.ts";
import { compare, local } from "../measure.ts";

interface Span {
  traceId: Uint8Array;
}
interface Request {
  resourceSpans: { resource: unknown; schemaUrl: string; scopeSpans: ScopeSpans[] }[];
}
interface ScopeSpans {
  scope: unknown;
  schemaUrl: string;
  spans: Span[];
}

const parts = 16;

/** B1 to B3: what can be done on the wire, against decoding it. */
export const wire: readonly Bench[] = [
  {
    name: "B1 trace ids of all spans in a request",
    async run() {
      const { body } = traces(bigItems);
      const type = protobufjsTraces();
      const ours = (): number => {
        let sum = 0;
        visitTraceIds("traces", body, (idAt) => {
          sum += body[idAt + 15] as number;
        });
        return sum;
      };
      const peer = (): number => {
        let sum = 0;
        for (const span of spansOf(type.decode(body) as unknown as Request)) sum += span.traceId[15] as number;
        return sum;
      };
      assert.equal(ours(), peer());
      const comparison = await compare(local(ours), local(peer));
      return [
        {
          id: "B1",
          work: "trace ids of all spans",
          peer: "protobufjs decode",
          goal: 400,
          by: "cpu",
          comparison,
          items: bigItems,
        },
      ];
    },
  },
  {
    name: "B2 walk all fields with bounds and UTF-8 checks",
    async run() {
      const { body } = traces(bigItems);
      const type = protobufjsTraces();
      assert.equal(scan("traces", body), bigItems);
      const damaged = body.slice();
      damaged[damaged.length - 1] = 0xff;
      damaged[damaged.length - 2] = 0xff;
      assert.throws(() => scan("traces", damaged), ExportError);
      const comparison = await compare(
        local(() => scan("traces", body)),
        local(() => type.decode(body)),
      );
      return [
        {
          id: "B2",
          work: "check everything, count items",
          peer: "protobufjs decode",
          goal: 20,
          by: "cpu",
          comparison,
          items: bigItems,
        },
      ];
    },
  },
  {
    name: "B3 split a request into 16 by trace id",
    async run() {
      const batch = traces(bigItems);
      const type = protobufjsTraces();
      const key = traceIdBucket(parts);
      const ours = (): number => splitByKey(batch, key).size;
      const peer = (): number => splitDecoded(type, batch.body).length;
      const pieces = [...splitByKey(batch, key).values()];
      assert.equal(
        pieces.reduce((sum, piece) => sum + scan("traces", piece.body), 0),
        bigItems,
      );
      const sizes = (bodies: readonly Uint8Array[]): number[] =>
        bodies.map(({ length }) => length).toSorted((a, b) => a - b);
      assert.deepEqual(sizes(splitDecoded(type, batch.body)), sizes(pieces.map(({ body }) => body)));
      const comparison = await compare(local(ours), local(peer));
      return [
        {
          id: "B3",
          work: "split into 16 by trace id",
          peer: "protobufjs decode + encode",
          goal: 100,
          by: "cpu",
          comparison,
          items: bigItems,
        },
      ];
    },
  },
];

function spansOf(request: Request): Span[] {
  return request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/** The same split on objects. */
function splitDecoded(type: ReturnType<typeof protobufjsTraces>, body: Uint8Array): Uint8Array[] {
  const request = type.decode(body) as unknown as Request;
  const pieces = Array.from({ length: parts }, (): Request => ({ resourceSpans: [] }));
  for (const { resource, schemaUrl, scopeSpans } of request.resourceSpans) {
    const seenResource = new Map<number, ScopeSpans[]>();
    for (const { scope, schemaUrl: scopeSchemaUrl, spans } of scopeSpans) {
      const seenScope = new Map<number, Span[]>();
      for (const span of spans) {
        const part = traceIdHash(span.traceId) % parts;
        let found = seenScope.get(part);
        if (!found) {
          found = [];
          seenScope.set(part, found);
          let scopes = seenResource.get(part);
          if (!scopes) {
            scopes = [];
            seenResource.set(part, scopes);
            (pieces[part] as Request).resourceSpans.push({ resource, schemaUrl, scopeSpans: scopes });
          }
          scopes.push({ scope, schemaUrl: scopeSchemaUrl, spans: found });
        }
        found.push(span);
      }
    }
  }
  return pieces
    .filter(({ resourceSpans }) => resourceSpans.length > 0)
    .map((piece) => type.encode(type.create(piece as object)).finish());
}

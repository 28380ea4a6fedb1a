import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Batch, protobufBatch, type Signal } from "@otlpkit/core";
import { decode, jsonToProtobuf } from "@otlpkit/otlp";
import {
  decompressed,
  type Golden,
  golden,
  goldenCase,
  grpcBackend,
  httpBackend,
  type ReceivedRequest,
} from "@otlpkit/testkit/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { pipelinesTo, type Running, running } from "./running.ts";

// Two relays in a row: what comes out at the end is what went in (M-01), whatever was spoken on the way. The golden cases
// are those of the kit, or those of the folder of the same shape that OTLPKIT_GOLDEN names.

type Protocol = "grpc" | "http" | "json";
const protocols: readonly Protocol[] = ["grpc", "http", "json"];

function exporterTo(protocol: Protocol, { grpc, http }: { readonly grpc: string; readonly http: string }): string {
  if (protocol === "grpc") return `exporters: { otlp: { endpoint: "${grpc}" } }`;
  const encoding = protocol === "json" ? "json" : "proto";
  return `exporters: { otlphttp: { endpoint: "${http}", encoding: ${encoding} } }`;
}

async function chain(first: Protocol, last: Protocol) {
  const backend = await (last === "grpc" ? grpcBackend() : httpBackend());
  onTestFinished(() => backend.close());
  const hop = (protocol: Protocol, to: { grpc: string; http: string }): Promise<Running> =>
    running(`${exporterTo(protocol, to)}
service:
  pipelines:
${pipelinesTo(protocol === "grpc" ? "otlp" : "otlphttp")}`);
  const second = await hop(last, { grpc: backend.url, http: backend.url });
  return { backend, entrance: await hop(first, second) };
}

const chosen = process.env["OTLPKIT_GOLDEN"];
const where = chosen ? { root: pathToFileURL(resolve(chosen)) } : {};
const whole = ["edge", "official"].flatMap((group) => golden({ ...where, group }));
const cases = whole.filter(
  (one): one is Golden & { signal: Signal; binary: Uint8Array; json: Uint8Array } =>
    one.signal !== undefined && one.binary !== undefined && one.json !== undefined,
);
/** A request without items is answered and not sent on. */
const itemsOf = ({ json, signal }: { readonly json: Uint8Array; readonly signal: Signal }): number =>
  jsonToProtobuf(signal, json).items;

it(`golden cases are there: ${cases.length}`, () => {
  expect(cases.length).toBeGreaterThan(20);
});

describe.each(protocols.flatMap((first) => protocols.map((last) => ({ first, last }))))(
  "two relays, $first between them and $last at the end",
  ({ first, last }) => {
    it("keep every value of every golden case (M-01)", async () => {
      const { backend, entrance } = await chain(first, last);
      for (const { binary, json, name, signal } of cases) {
        const items = itemsOf({ json, signal });
        const batch: Batch = protobufBatch(signal, binary, items);
        const before = backend.requests.length;
        await entrance.overGrpc.send(batch, {}).catch((error: unknown) => {
          throw new Error(`${name} was refused`, { cause: error });
        });
        await entrance.overHttp.send(batch, {});
        for (const request of backend.requests.slice(before)) {
          const body = bodyOf(request, last, signal);
          expect(decode(signal, body), name).toEqual(decode(signal, binary));
        }
        expect(backend.requests.length - before, name).toBe(items > 0 ? 2 : 0);
      }
    });
  },
);

describe("a relay that speaks protobuf on both sides", () => {
  it.each(["grpc", "http"] as const)(
    "changes no byte, also of fields that nobody knows, over %s (M-02)",
    async (protocol) => {
      const { backend, entrance } = await chain(protocol, protocol);
      const { binary } = goldenCase("binary-only", "unknown-fields-everywhere", where.root);
      const batch = protobufBatch("traces", binary!, 1);
      await entrance.overGrpc.send(batch, {});
      await entrance.overHttp.send(batch, {});
      for (const request of backend.requests) expect(bodyOf(request, protocol, "traces")).toEqual(binary);
      expect(backend.requests).toHaveLength(2);
    },
  );
});

function bodyOf(request: ReceivedRequest, protocol: Protocol, signal: Signal): Uint8Array {
  const body = decompressed(request);
  return protocol === "json" ? jsonToProtobuf(signal, body).body : body;
}

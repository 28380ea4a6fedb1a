import { ExportError, protobufBatch, type Receiver, type Signal, signalNames, signals } from "@otlpkit/core";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { runCases } from "../index.ts";
import { receiverCases } from "./index.ts";

/** A receiver as one writes it in an afternoon. */
function plainReceiver(): Receiver {
  return {
    name: "plain",
    async listen(pipeline) {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const signal = signalNames.find((name: Signal) => signals[name].httpPath === request.url);
          if (!signal) {
            response.writeHead(404).end();
            return;
          }
          let body = Buffer.concat(chunks);
          if (request.headers["content-encoding"] === "gzip") body = gunzipSync(body);
          pipeline.send(protobufBatch(signal, new Uint8Array(body), 1), {}).then(
            () => response.writeHead(200, { "content-type": "application/x-protobuf", "content-length": 0 }).end(),
            (error: unknown) => response.writeHead(ExportError.is(error) && error.retryable ? 503 : 500).end(),
          );
        });
      });
      // What a careless author finds out in production.
      server.on("clientError", (_, socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const close = async (): Promise<void> => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      };
      return { address: `127.0.0.1:${port}`, close };
    },
  };
}

const wanted = new Set([
  "says where it listens, with the port that port 0 became",
  "names the type and the length of an empty success [D-04, D-08, K-11]",
  "tells the pipeline when the sender has gone [A-16]",
  "waits at close for the answers under way, then gives the port back [A-22]",
  "refuses every malformed request as invalid, and the next one is served [B-14, D-14]",
  "takes a plain request of exactly maxRequestBytes [B-02, B-04, D-02, D-03, N1-01]",
  "refuses as too large a plain request of one byte more than maxRequestBytes [B-02, B-04, D-02, D-03, N1-01]",
  "takes both encodings in turn on one connection [D-06]",
  "gives the rejected count in protobuf and why [B-07, B-08, D-10, D-11]",
  "tells in protobuf of unavailable in the pipeline as something that passes [B-13, B-15, D-15, D-17]",
  "tells in protobuf of invalid in the pipeline [B-14, B-20, D-04, D-12, D-14, D-17]",
]);

describe("receiverCases", () => {
  it("tells what a receiver written in an afternoon does right and what it does wrong", async () => {
    const { passed, failed } = await runCases(
      ({ it: run }) =>
        receiverCases({ it: (name, body) => (wanted.has(name) ? run(name, body) : undefined) }, plainReceiver, {
          speaks: "http",
        }),
      { patienceMs: 2000 },
    );
    expect(passed.length + failed.length).toBe(wanted.size);
    expect(passed.toSorted()).toEqual([
      "names the type and the length of an empty success [D-04, D-08, K-11]",
      "says where it listens, with the port that port 0 became",
      "takes a plain request of exactly maxRequestBytes [B-02, B-04, D-02, D-03, N1-01]",
    ]);
  });
});

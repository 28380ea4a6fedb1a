import type { Transport } from "@otlpkit/core";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import type { Bench } from "../bench.ts";
import { startChild } from "../child.ts";
import { bigItems, smallItems, traces } from "../fixtures.ts";
import { load } from "../load.ts";
import { compare } from "../measure.ts";
import { fetchSend } from "../peers/fetch-http.ts";
import { grpcJsClient } from "../peers/grpc-js.ts";

/** C1 to C3: client in this process, server in another; the CPU of both counts. Ours also checks every byte at the door. */
export const transports: readonly Bench[] = [
  { name: "C1 unary gRPC, big", run: () => grpc("C1", "gRPC, 130 KB, 8 in flight", bigItems, 4) },
  { name: "C2 unary gRPC, small", run: () => grpc("C2", "gRPC, 2.3 KB, 8 in flight", smallItems, 2.2) },
  { name: "C3 OTLP/HTTP, big", run: () => http("C3", "HTTP, 130 KB, 8 in flight", bigItems, 5) },
];

async function grpc(id: string, work: string, items: number, goal: number): ReturnType<Bench["run"]> {
  const batch = traces(items);
  const [oursSink, peerSink] = await Promise.all([startChild("sink", "ours-grpc"), startChild("sink", "grpc-js")]);
  const sender = connect(grpcTransport(), oursSink.ready);
  const client = grpcJsClient(peerSink.ready);
  const comparison = await compare(
    load(() => sender.send(batch, {}), [oursSink]),
    load(() => client.send(batch.body), [peerSink]),
    { runMs: 1000 },
  );
  client.close();
  await sender.close();
  await Promise.all([oursSink.stop(), peerSink.stop()]);
  return [{ id, work, peer: "grpc-js, both ends", goal, by: "cpu", comparison, items }];
}

async function http(id: string, work: string, items: number, goal: number): ReturnType<Bench["run"]> {
  const batch = traces(items);
  const [oursSink, peerSink] = await Promise.all([startChild("sink", "ours-http"), startChild("sink", "plain-http")]);
  const sender = connect(httpTransport(), oursSink.ready);
  const comparison = await compare(
    load(() => sender.send(batch, {}), [oursSink]),
    load(() => fetchSend(peerSink.ready, batch.body), [peerSink]),
    { runMs: 1000 },
  );
  await sender.close();
  await Promise.all([oursSink.stop(), peerSink.stop()]);
  return [{ id, work, peer: "fetch + node:http", goal, by: "cpu", comparison, items }];
}

function connect(transport: Transport, url: string): ReturnType<Transport["connect"]> {
  return transport.connect({ url });
}

import assert from "node:assert/strict";
import { accepted, type Receiver, type Sender, type Transport } from "@otlpkit/core";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { httpTransport } from "@otlpkit/transport-http";
import { httpReceiver } from "@otlpkit/transport-http/server";
import type { Bench } from "../bench.ts";
import { startChild } from "../child.ts";
import { bigItems, traces } from "../fixtures.ts";
import { load } from "../load.ts";
import { compare } from "../measure.ts";
import { grpcJsClient } from "../peers/grpc-js.ts";

/** D1: the CPU of the relay alone; what sends and what takes run in this process and are not counted. */
export const relay: readonly Bench[] = [
  {
    name: "D1 pass-through relay, gRPC",
    run: () => passThrough("gRPC", "grpc", grpcTransport(), grpcReceiver({ port: 0 }), 20),
  },
  {
    name: "D1 pass-through relay, HTTP",
    run: () => passThrough("HTTP", "http", httpTransport(), httpReceiver({ port: 0 }), 25),
  },
];

async function passThrough(
  name: string,
  protocol: string,
  transport: Transport,
  receiver: Receiver,
  goal: number,
): ReturnType<Bench["run"]> {
  const batch = traces(bigItems);
  let taken = 0;
  const counting: Sender = {
    send: ({ items }) => {
      taken += items;
      return Promise.resolve(accepted);
    },
    close: () => Promise.resolve(),
  };
  const sink = await receiver.listen(counting);
  const peerSink = await grpcReceiver({ port: 0 }).listen(counting);
  const [ours, peer] = await Promise.all([
    startChild("our-relay", protocol, `http://${sink.address}`),
    startChild("decoding-relay", peerSink.address),
  ]);
  const sender = transport.connect({ url: ours.ready });
  const client = grpcJsClient(peer.ready);
  await sender.send(batch, {});
  assert.equal(taken, batch.items);
  await client.send(batch.body);
  assert.equal(taken, 2 * batch.items);
  const comparison = await compare(
    load(() => sender.send(batch, {}), [ours], { countSelf: false }),
    load(() => client.send(batch.body), [peer], { countSelf: false }),
    { runMs: 1500 },
  );
  client.close();
  await sender.close();
  await Promise.all([ours.stop(), peer.stop(), sink.close(), peerSink.close()]);
  const work = `pass-through relay, ${name}, 130 KB, CPU of the relay`;
  const note = `ours used ${((comparison.ours.cpuMicros / batch.items) * 1).toFixed(2)} s of CPU a million spans`;
  return [{ id: "D1", work, peer: "decoding relay on grpc-js", goal, by: "cpu", comparison, items: batch.items, note }];
}

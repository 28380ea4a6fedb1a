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

/**
 * D1: the CPU of the relay alone; what sends and what takes run in this process and are not counted. The last one says what
 * is left to be won: a relay that looks at nothing.
 */
export const relay: readonly Bench[] = [
  {
    name: "D1 pass-through relay, gRPC",
    run: () => passThrough("gRPC", "grpc", grpcTransport(), grpcReceiver({ port: 0 }), 20),
  },
  {
    name: "D1 pass-through relay, HTTP",
    run: () => passThrough("HTTP", "http", httpTransport(), httpReceiver({ port: 0 }), 25),
  },
  { name: "D1 bound: a relay that looks at nothing, HTTP", run: bound },
];

/** What node:http and the system take for passing bytes on, with ours beside it: nobody on node:http can be faster. */
async function bound(): ReturnType<Bench["run"]> {
  const batch = traces(bigItems);
  const nowhere: Sender = { send: () => Promise.resolve(accepted), close: () => Promise.resolve() };
  const sink = await httpReceiver({ port: 0 }).listen(nowhere);
  const url = `http://${sink.address}`;
  const [ours, bare] = await Promise.all([startChild("our-relay", "http", url), startChild("bare-relay", url)]);
  const toOurs = httpTransport().connect({ url: ours.ready });
  const toBare = httpTransport().connect({ url: bare.ready });
  const comparison = await compare(
    load(() => toOurs.send(batch, {}), [ours], { countSelf: false }),
    load(() => toBare.send(batch, {}), [bare], { countSelf: false }),
    { runMs: 1500 },
  );
  await Promise.all([toOurs.close(), toBare.close()]);
  await Promise.all([ours.stop(), bare.stop(), sink.close()]);
  const work = "the same, HTTP, against the bound";
  return [
    { id: "D1", work, peer: "node:http that looks at nothing", goal: 0, by: "cpu", comparison, items: batch.items },
  ];
}

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

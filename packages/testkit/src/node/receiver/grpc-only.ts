import { signals } from "@otlpkit/core";
import { check, equal } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import { frame } from "../frame.ts";
import { type RawGrpc, type RawGrpcAnswer, rawGrpc } from "../raw-grpc.ts";
import { atDoor, type Door, type ReceiverSetting, requestOf } from "./door.ts";

/** What only OTLP/gRPC has: frames, metadata, trailers. */
export function grpcOnlyCases(setting: ReceiverSetting): Case[] {
  const path = signals.traces.grpcPath;
  const message = requestOf("traces");
  const called = (run: (client: RawGrpc, door: Door) => Promise<void>): (() => Promise<void>) =>
    atDoor(setting, async (door) => {
      const client = rawGrpc(door.url);
      try {
        await run(client, door);
      } finally {
        await client.close();
      }
    });
  return [
    {
      name: "answers as gRPC: status 200, its content type, one message, status in the trailers [A-01, B-05]",
      run: called(async (client) => {
        const { httpStatus, headers, metadata, body } = await client.call({ path, message });
        equal(httpStatus, 200, "HTTP status");
        check(/^application\/grpc(\+proto)?$/.test(headers["content-type"] ?? ""), "the content type is that of gRPC");
        equal(headers["grpc-status"], undefined, "grpc-status in the headers of a success");
        equal(metadata["grpc-status"], "0", "grpc-status");
        equal(body?.length, 0, "bytes of the message");
      }),
    },
    {
      name: "serves many calls on one connection at a time [H-02]",
      run: called(async (client, { far }) => {
        let arrived = 0;
        let release = (): void => undefined;
        const all = new Promise<void>((resolve) => (release = resolve));
        far.script(async () => {
          if (++arrived === 50) release();
          await all;
          return { rejectedItems: 0, message: "" };
        });
        const answers = await Promise.all(Array.from({ length: 50 }, () => client.call({ path, message })));
        check(
          answers.every(({ status }) => status === 0),
          "all fifty are answered",
        );
      }),
    },
    {
      name: "gives the pipeline the deadline of the caller [A-17]",
      run: called(async (client, { far }) => {
        const startedMs = performance.now();
        await client.call({ path, message, headers: { "grpc-timeout": "30S" } });
        const { deadline = 0 } = far.options[0] ?? {};
        check(deadline > startedMs && deadline <= performance.now() + 30_000, "the deadline is within thirty seconds");
      }),
    },
    {
      name: "does not answer late what the caller has given up [A-17]",
      run: called(async (client, { far }) => {
        far.script("hang");
        const outcome = await client.call({ path, message, headers: { "grpc-timeout": "100m" } }).then(
          ({ status }) => status,
          () => "reset",
        );
        check(outcome !== 0, "the call is not a success");
      }),
    },
    {
      name: "refuses methods and services that it does not have as UNIMPLEMENTED [B-19]",
      run: called(async (client) => {
        for (const unknown of [`${path}More`, "/grpc.health.v2.Health/Nothing", "/"]) {
          equal((await client.call({ path: unknown, message })).status, 12, unknown);
        }
      }),
    },
    {
      name: "refuses what is not one whole message for good, and goes on [A-01, B-14]",
      run: called(async (client) => {
        const broken: Readonly<Record<string, Uint8Array>> = {
          "no message": new Uint8Array(),
          "half a frame": frame(message).subarray(0, 3),
          "half a message": frame(message).subarray(0, 20),
          "two messages": Buffer.concat([frame(message), frame(message)]),
          "a flag that does not exist": frame(message, 7),
          "a compressed message without a compression": frame(message, 1),
        };
        for (const [what, bytes] of Object.entries(broken)) {
          const answer: RawGrpcAnswer | Error = await client
            .call({ path, frame: bytes })
            .catch((error: Error) => error);
          const refused = answer instanceof Error || ![0, 1, 4, 8, 10, 11, 14, 15].includes(answer.status);
          check(refused, `${what} is refused for good`);
        }
        const after = rawGrpcAgain(client);
        equal((await after.call({ path, message })).status, 0, "a good call after the bad ones");
        if (after !== client) await after.close();
      }),
    },
    {
      name: "refuses what is not gRPC with an HTTP status or a gRPC status, never with success",
      run: called(async (client) => {
        const answer = await client.call({ path, message, headers: { "content-type": "application/json" } });
        check(answer.httpStatus === 415 || answer.status > 0, `${answer.httpStatus} with grpc-status ${answer.status}`);
      }),
    },
    {
      name: "takes every spelling of its content type",
      run: called(async (client) => {
        for (const type of ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"]) {
          equal((await client.call({ path, message, headers: { "content-type": type } })).status, 0, type);
        }
      }),
    },
    {
      name: "sends a message beyond ASCII percent-encoded",
      run: called(async (client, { far }) => {
        far.script(() => {
          throw new Error("50 % – no");
        });
        const { metadata } = await client.call({ path, message });
        check(/^[\u0020-\u007e]*$/.test(String(metadata["grpc-message"] ?? "")), "grpc-message is plain ASCII");
      }),
    },
  ];
}

/** The same connection if it is still good, else another. */
function rawGrpcAgain(client: RawGrpc): RawGrpc {
  return client.session.closed || client.session.destroyed ? rawGrpc(client.url) : client;
}

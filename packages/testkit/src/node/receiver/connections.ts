import { signals } from "@otlpkit/core";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { check, equal, later, turns } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import { strangeAuthority, testAuthority, testClient, testServer } from "../certificates.ts";
import { frame } from "../frame.ts";
import { freePort } from "../listening.ts";
import { rawGrpc } from "../raw-grpc.ts";
import { rawHttp } from "../raw-http.ts";
import { eventually } from "../transport/bench.ts";
import { atDoor, contentTypes, type Door, type ReceiverSetting, requestOf } from "./door.ts";

/** Slow, rude and parting clients, closing, TLS. */
export function doorCases(setting: ReceiverSetting): Case[] {
  const grpc = setting.speaks === "grpc";
  return [
    {
      name: "says where it listens, with the port that port 0 became",
      run: atDoor(setting, async ({ listening }) => {
        check(/^127\.0\.0\.1:[1-9]\d*$/.test(listening.address), `"${listening.address}" is an address`);
      }),
    },
    {
      name: "fails to listen on a port that is taken",
      run: atDoor(setting, async ({ listening, far }) => {
        const port = Number(listening.address.split(":")[1]);
        const second = setting.make({ host: "127.0.0.1", port, compressors: [] });
        const outcome = await second.listen(far).then(
          (opened) => opened.close().then(() => "opened"),
          () => "failed",
        );
        equal(outcome, "failed", "the second receiver");
      }),
    },
    {
      name: "gives each of many overlapping requests its own answer [H-02]",
      run: atDoor(setting, async ({ ask, far }) => {
        far.script(async (_, __, n) => {
          await turns(n % 3);
          return { rejectedItems: n, message: "n" };
        });
        const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
        // The count is the second byte of the partial success, since it is below 128: tag, length, tag, count.
        const counts = answers.map(({ body }) => body[3] ?? 0).toSorted((a, b) => a - b);
        equal(
          counts,
          Array.from({ length: 20 }, (_, index) => index + 1),
          "answers",
        );
      }),
    },
    {
      name: "waits for a request that comes slowly",
      run: atDoor(setting, async ({ url }) => {
        const status = await inPieces(setting, url, requestOf("traces"));
        equal(status, grpc ? 0 : 200, "the status");
      }),
    },
    {
      name: "hands nothing to the pipeline of a request that breaks off, and goes on",
      run: atDoor(setting, async ({ url, ask, far }) => {
        await brokenOff(setting, url, requestOf("traces"));
        check((await ask()).taken, "a good request after that is taken");
        equal(far.batches.length, 1, "batches that reached the pipeline");
      }),
    },
    {
      name: "tells the pipeline when the sender has gone [A-16]",
      run: atDoor(setting, async (door) => {
        door.far.script("hang");
        await leaveUnanswered(setting, door);
        await eventually(() => door.far.options[0]?.signal?.aborted === true, "the pipeline's signal is aborted");
      }),
    },
    {
      name: "does not abort what is answered",
      run: atDoor(setting, async ({ ask, far }) => {
        await ask();
        await turns();
        check(far.options[0]?.signal?.aborted !== true, "the pipeline's signal is not aborted");
      }),
    },
    {
      name: "waits at close for the answers under way, then gives the port back [A-22]",
      run: atDoor(setting, async ({ url, listening, ask, far }) => {
        let answer = (): void => undefined;
        far.script(() => new Promise((resolve) => (answer = () => resolve({ rejectedItems: 0, message: "" }))));
        const asked = ask();
        await eventually(() => far.batches.length === 1, "the request reaches the pipeline");
        let closed = false;
        const closing = later(listening.close().then(() => (closed = true)));
        await turns();
        check(!closed, "close waits while there is no answer");
        answer();
        check((await asked).taken, "the request under way is answered");
        await closing;
        equal(await reachable(url), false, "whether the port is still open");
      }),
    },
    {
      name: "cuts off at close what is not answered in time",
      run: atDoor(setting, async ({ listening, ask, far }) => {
        far.script("hang");
        const asked = ask().then(
          ({ taken }) => taken,
          () => false,
        );
        await eventually(() => far.batches.length === 1, "the request reaches the pipeline");
        await listening.close({ graceMs: 50 });
        equal(await asked, false, "whether the request was taken");
      }),
    },
    {
      name: "may be closed twice and leaves the pipeline open, which may have other doors",
      run: atDoor(setting, async ({ listening, far }) => {
        await Promise.all([listening.close(), listening.close()]);
        await listening.close();
        equal(far.closes, 0, "times that the pipeline was closed");
      }),
    },
    {
      name: "does not wait at close for idle connections",
      run: atDoor(setting, async ({ url, listening }) => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1");
        socket.on("error", () => undefined);
        await new Promise((resolve) => socket.once("connect", resolve));
        await listening.close({ graceMs: 2000 });
        socket.destroy();
        equal(await reachable(url), false, "whether the port is still open");
      }),
    },
    {
      name: "serves TLS to those who trust it, and mutual TLS to those who are known [A-21]",
      run: async () => {
        for (const requireClientCert of [false, true]) {
          const tls = { ...testServer, ca: testAuthority, requireClientCert };
          await atDoor(
            setting,
            async ({ url }) => {
              const known = await knock(setting, url, { ca: testAuthority, ...testClient });
              equal(known, true, "whether a client with a certificate is served");
              const bare = await knock(setting, url, { ca: testAuthority });
              equal(bare, !requireClientCert, "whether a client without one is served");
              equal(
                await knock(setting, url, { ca: strangeAuthority }),
                false,
                "whether a client that distrusts it is",
              );
            },
            { tls },
          )();
        }
      },
    },
    {
      name: "listens on the port that it is given",
      run: async () => {
        const port = await freePort();
        await atDoor(setting, async ({ listening }) => equal(listening.address, `127.0.0.1:${port}`, "the address"), {
          port,
        })();
      },
    },
  ];
}

type ClientTls = { readonly ca: string; readonly cert?: string; readonly key?: string };

/** Whether a client with these certificates is served. */
async function knock({ speaks }: ReceiverSetting, url: string, tls: ClientTls): Promise<boolean> {
  if (speaks === "http") {
    const headers = { "content-type": contentTypes.protobuf };
    return rawHttp(url, { path: "/v1/traces", body: requestOf("traces"), headers, ...tls }).then(
      ({ status }) => status === 200,
      () => false,
    );
  }
  const client = rawGrpc(url, tls);
  const served = await client.call({ path: signals.traces.grpcPath, message: requestOf("traces") }).then(
    ({ status }) => status === 0,
    () => false,
  );
  await client.close();
  return served;
}

function httpHead(length: number): string {
  return `POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: ${contentTypes.protobuf}\r\nContent-Length: ${length}\r\n\r\n`;
}

const grpcHead = {
  ":method": "POST",
  ":path": signals.traces.grpcPath,
  "content-type": "application/grpc",
  te: "trailers",
};

/** Sends the body in five parts with turns of the event loop between; gives the status. */
async function inPieces({ speaks }: ReceiverSetting, url: string, body: Uint8Array): Promise<number> {
  const framed = speaks === "grpc" ? frame(body) : body;
  const parts = Array.from({ length: 5 }, (_, part) =>
    framed.subarray(Math.floor((framed.length * part) / 5), Math.floor((framed.length * (part + 1)) / 5)),
  );
  if (speaks === "http") {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const answered = new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString("latin1"))));
    socket.write(httpHead(body.length));
    for (const part of parts) {
      socket.write(part);
      await turns();
    }
    const status = Number((await answered).split(" ")[1]);
    socket.destroy();
    return status;
  }
  const session = connectHttp2(url);
  const stream = session.request(grpcHead);
  const answered = new Promise<number>((resolve) => {
    stream.on("trailers", (trailers) => resolve(Number(trailers["grpc-status"])));
    stream.on("close", () => resolve(-1));
  });
  stream.resume();
  for (const part of parts) {
    stream.write(part);
    await turns();
  }
  stream.end();
  const status = await answered;
  session.destroy();
  return status;
}

/** Sends half of a request and hangs up. */
async function brokenOff({ speaks }: ReceiverSetting, url: string, body: Uint8Array): Promise<void> {
  if (speaks === "http") {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(httpHead(body.length));
    await new Promise((resolve) => socket.write(body.subarray(0, body.length / 2), resolve));
    await turns();
    socket.resetAndDestroy();
  } else {
    const session = connectHttp2(url);
    session.on("error", () => undefined);
    const stream = session.request(grpcHead);
    stream.on("error", () => undefined);
    await new Promise((resolve) => stream.write(frame(body).subarray(0, body.length / 2), resolve));
    await turns();
    session.destroy();
  }
  await turns();
}

/** Sends a whole request, waits until the pipeline has it, and hangs up. */
async function leaveUnanswered({ speaks }: ReceiverSetting, { url, far }: Door): Promise<void> {
  const body = requestOf("traces");
  const arrived = (): Promise<void> => eventually(() => far.batches.length === 1, "the request reaches the pipeline");
  if (speaks === "http") {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(httpHead(body.length));
    socket.write(body);
    await arrived();
    socket.destroy();
    return;
  }
  const session = connectHttp2(url);
  session.on("error", () => undefined);
  const stream = session.request(grpcHead);
  stream.on("error", () => undefined);
  stream.end(frame(body));
  await arrived();
  session.destroy();
}

function reachable(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

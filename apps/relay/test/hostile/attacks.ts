// Ways to treat a relay badly. Each opens its own connection, misbehaves, and ends by itself; none expects an answer to
// be kind, all expect the relay to live on.
import { connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { signals } from "@otlpkit/core";
import { golden } from "@otlpkit/testkit/node";

/** Where the relay listens. */
export interface Victim {
  readonly httpPort: number;
  readonly grpcPort: number;
}

/** One piece of bad behaviour. */
export interface Attack {
  readonly name: string;
  run(victim: Victim, random: () => number): Promise<void>;
}

// Only those of traces: the bytes of one signal may well be legal for another (D-21).
const malformed = golden({ signal: "traces" })
  .filter(({ name, group }) => group === "json-reject" || /malformed|invalid-utf8|deep-10000|json-sent/.test(name))
  .flatMap(({ binary, json, group }) => (group === "json-reject" ? [json] : [binary]))
  .filter((body) => body !== undefined);
const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024), { level: 9 });

/** Writes text or bytes to a plain connection, waits at most `ms` for the other side, and cuts. */
function raw(port: number, parts: readonly (string | Uint8Array)[], ms = 300): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: "127.0.0.1", port });
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on("error", () => {
      // Being cut off is a fair answer.
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume();
    socket.on("connect", () => {
      for (const part of parts) socket.write(part);
    });
  });
}

function post(path: string, headers: readonly string[], body: Uint8Array | string = ""): (string | Uint8Array)[] {
  return [[`POST ${path} HTTP/1.1`, "host: relay", ...headers, "", ""].join("\r\n"), body];
}

/** A gRPC call with a body of our choice, sent as it is. */
function call(
  port: number,
  path: string,
  body: Uint8Array,
  headers: Record<string, string> = {},
  ms = 300,
): Promise<void> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const timer = setTimeout(() => session.destroy(), ms);
    session.on("error", () => {
      // As above.
    });
    session.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("error", () => {
      // As above.
    });
    stream.on("close", () => session.close());
    stream.resume();
    stream.end(Buffer.from(body));
  });
}

function framed(message: Uint8Array, declared: number = message.byteLength, flag = 0): Uint8Array {
  const frame = Buffer.alloc(5 + message.byteLength);
  frame[0] = flag;
  frame.writeUInt32BE(declared, 1);
  frame.set(message, 5);
  return frame;
}

const pick = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)] as T;
const noise = (random: () => number, length: number): Uint8Array => Uint8Array.from({ length }, () => random() * 256);
const length = (body: Uint8Array | string): string => `content-length: ${body.length}`;
const protobuf = "content-type: application/x-protobuf";
const json = "content-type: application/json";

export const attacks: readonly Attack[] = [
  {
    name: "malformed bodies over HTTP, in both encodings",
    run: ({ httpPort }, random) => {
      const body = pick(malformed, random);
      return raw(
        httpPort,
        post("/v1/traces", [random() < 0.5 ? protobuf : json, length(body), "connection: close"], body),
      );
    },
  },
  {
    name: "malformed messages over gRPC",
    run: ({ grpcPort }, random) => call(grpcPort, signals.traces.grpcPath, framed(pick(malformed, random))),
  },
  {
    name: "random bytes on either port",
    run: ({ httpPort, grpcPort }, random) => raw(random() < 0.5 ? httpPort : grpcPort, [noise(random, 200)]),
  },
  {
    name: "random bodies",
    run: ({ httpPort }, random) => {
      const body = noise(random, 500);
      return raw(httpPort, post("/v1/logs", [protobuf, length(body), "connection: close"], body));
    },
  },
  {
    name: "a bomb over HTTP",
    run: ({ httpPort }) =>
      raw(
        httpPort,
        post("/v1/traces", [protobuf, "content-encoding: gzip", length(bomb), "connection: close"], bomb),
        2000,
      ),
  },
  {
    name: "a bomb over gRPC",
    run: ({ grpcPort }) =>
      call(grpcPort, signals.traces.grpcPath, framed(bomb, bomb.byteLength, 1), { "grpc-encoding": "gzip" }, 2000),
  },
  {
    name: "damaged gzip",
    run: ({ httpPort }, random) => {
      const body = Buffer.concat([gzipSync("x").subarray(0, 12), noise(random, 50)]);
      return raw(
        httpPort,
        post("/v1/traces", [protobuf, "content-encoding: gzip", length(body), "connection: close"], body),
      );
    },
  },
  {
    name: "a declared length of 4 GiB over gRPC",
    run: ({ grpcPort }) => call(grpcPort, signals.logs.grpcPath, framed(new Uint8Array(10), 0xff_ff_ff_ff)),
  },
  {
    name: "a declared length that never comes",
    run: ({ httpPort }) => raw(httpPort, post("/v1/metrics", [protobuf, "content-length: 60000000"], "abc")),
  },
  {
    name: "a body larger than the limit without saying so",
    run: ({ httpPort }) => {
      const chunk = Buffer.alloc(1 << 20);
      const chunks = Array.from({ length: 70 }, () => [`${chunk.length.toString(16)}\r\n`, chunk, "\r\n"]).flat();
      return raw(httpPort, [...post("/v1/traces", [protobuf, "transfer-encoding: chunked"]), ...chunks], 1500);
    },
  },
  {
    name: "unknown paths, methods, types and codings",
    run: async ({ httpPort }) => {
      await raw(httpPort, post("/v1/nothing", [protobuf, "content-length: 0", "connection: close"]));
      await raw(httpPort, ["GET /v1/traces HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n\r\n"]);
      await raw(httpPort, post("/v1/traces", ["content-type: text/html", "content-length: 0", "connection: close"]));
      await raw(
        httpPort,
        post("/v1/traces", [protobuf, "content-encoding: rot13", "content-length: 0", "connection: close"]),
      );
    },
  },
  {
    name: "unknown services",
    run: ({ grpcPort }) => call(grpcPort, "/some.other.Service/Export", framed(new Uint8Array())),
  },
  {
    name: "a flood of headers",
    run: async ({ httpPort, grpcPort }) => {
      const many = Array.from({ length: 3000 }, (_, index) => `x-header-${index}: ${"v".repeat(50)}`);
      await raw(httpPort, post("/v1/traces", [...many, "content-length: 0"]));
      const wide = Object.fromEntries(
        Array.from({ length: 400 }, (_, index) => [`x-header-${index}`, "v".repeat(100)]),
      );
      await call(grpcPort, signals.traces.grpcPath, framed(new Uint8Array()), wide);
    },
  },
  {
    name: "broken HTTP",
    run: ({ httpPort }) => raw(httpPort, ["POST /v1/traces HTTP/9.9\r\ncontent-length: banana\r\n\u0000\r\n\r\n"]),
  },
  {
    name: "smuggling: two lengths",
    run: ({ httpPort }) =>
      raw(
        httpPort,
        post("/v1/traces", [protobuf, "content-length: 0", "content-length: 5", "transfer-encoding: chunked"], "abcde"),
      ),
  },
  {
    name: "a slow sender that gives up",
    run: ({ httpPort }) => raw(httpPort, ["POST /v1/traces HTTP/1.1\r\nhost: relay\r\ncontent-length: 100\r\n"], 1000),
  },
  {
    name: "a reset in the middle of a body",
    run: ({ httpPort }) =>
      new Promise((resolve) => {
        const socket = connect({ host: "127.0.0.1", port: httpPort });
        socket.on("error", () => {
          // As above.
        });
        socket.on("close", () => resolve());
        socket.on("connect", () => {
          for (const part of post("/v1/traces", [protobuf, "content-length: 5000"], "half")) socket.write(part);
          setTimeout(() => socket.resetAndDestroy(), 20);
        });
      }),
  },
  {
    name: "streams opened and reset at once",
    run: ({ grpcPort }) =>
      new Promise((resolve) => {
        const session = connectHttp2(`http://127.0.0.1:${grpcPort}`);
        const end = setTimeout(() => session.destroy(), 500);
        session.on("error", () => {
          // As above.
        });
        session.on("close", () => {
          clearTimeout(end);
          resolve();
        });
        session.on("connect", () => {
          for (let index = 0; index < 200 && !session.destroyed; index++) {
            const stream = session.request({
              ":method": "POST",
              ":path": signals.traces.grpcPath,
              "content-type": "application/grpc",
            });
            stream.on("error", () => {
              // As above.
            });
            stream.close(constants.NGHTTP2_CANCEL);
          }
        });
      }),
  },
  {
    name: "compressed flag without an encoding, and two messages in one call",
    run: async ({ grpcPort }) => {
      await call(grpcPort, signals.traces.grpcPath, framed(new Uint8Array(3), 3, 1));
      await call(
        grpcPort,
        signals.traces.grpcPath,
        Buffer.concat([framed(new Uint8Array()), framed(new Uint8Array())]),
      );
      await call(grpcPort, signals.traces.grpcPath, new Uint8Array([0, 0]));
    },
  },
];

import { signalNames, signals } from "@otlpkit/core";
import { connect } from "node:net";
import { check, equal, sameBytes } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import { itemIds } from "../../item-ids.ts";
import { golden, goldenCase } from "../golden.ts";
import { deferred, keptConnection, type RawHttpAnswer, rawHttp } from "../raw-http.ts";
import { atDoor, contentTypes, type ReceiverSetting, requestOf } from "./door.ts";
import { tells } from "./expected.ts";
import { readStatus } from "./read-status.ts";

const text = new TextEncoder();

/** What only OTLP/HTTP has: JSON, content types, paths and methods. */
export function httpOnlyCases(setting: ReceiverSetting): Case[] {
  return [
    ...jsonCases(setting),
    {
      name: "names the type and the length of an empty success [D-04, D-08, K-11]",
      run: atDoor(setting, async ({ url }) => {
        for (const signal of signalNames) {
          const { status, headers, body } = await post(url, requestOf(signal), { path: signals[signal].httpPath });
          equal([status, body.length], [200, 0], `status and length for ${signal}`);
          equal(headers["content-type"], contentTypes.protobuf, `content type for ${signal}`);
          equal(headers["content-length"], "0", `content length for ${signal}`);
        }
      }),
    },
    {
      name: "compares nothing but the media type, in any letter case [D-05]",
      run: atDoor(setting, async ({ url }) => {
        const types = [
          ["Application/JSON; charset=UTF-8", text.encode("{}")],
          ["application/json;charset=utf-8", text.encode("{}")],
          ["APPLICATION/X-PROTOBUF", requestOf("traces")],
          ["application/x-protobuf; messageType=x", requestOf("traces")],
        ] as const;
        for (const [type, body] of types) equal((await post(url, body, { type })).status, 200, type);
      }),
    },
    {
      name: "takes both encodings in turn on one connection [D-06]",
      run: atDoor(setting, async ({ url, far }) => {
        const agent = keptConnection();
        for (const format of ["protobuf", "json", "protobuf", "json"] as const) {
          const type = contentTypes[format];
          const { status, headers } = await post(url, requestOf("logs", format), { type, agent, path: "/v1/logs" });
          equal([status, headers["content-type"]], [200, type], `answer to ${format}`);
        }
        agent.destroy();
        equal(far.batches.length, 4, "batches that reached the pipeline");
      }),
    },
    {
      name: "refuses other methods, paths and types, and the connection stays usable [D-18, D-22]",
      run: atDoor(setting, async ({ url, far }) => {
        const agent = keptConnection();
        for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
          const { status, headers } = await rawHttp(url, { path: "/v1/traces", method, agent });
          equal(status, 405, method);
          check((headers.allow ?? "").includes("POST"), `${method} is told that POST is allowed`);
        }
        for (const path of ["/", "/v1/unknown", "/v1/traces/more", "/v1development/unknown"]) {
          equal((await post(url, requestOf("traces"), { path, agent })).status, 404, path);
        }
        for (const type of ["text/plain", "application/xml", undefined]) {
          equal((await post(url, requestOf("traces"), { type, agent })).status, 415, `type ${type}`);
        }
        equal(far.batches.length, 0, "batches that reached the pipeline");
        equal((await post(url, requestOf("traces"), { agent })).status, 200, "a good request after the bad ones");
        agent.destroy();
      }),
    },
    {
      name: "takes identity for none and x-gzip for gzip, and refuses two codings [D-19]",
      run: atDoor(setting, async ({ ask }) => {
        check((await ask({ encoding: "identity" })).taken, "identity is taken");
        const { binary } = goldenCase("gzip", "traces-full.gz");
        check((await ask({ encoding: "x-gzip", body: binary ?? new Uint8Array() })).taken, "x-gzip is taken");
        const told = await ask({ encoding: "gzip, gzip", body: binary ?? new Uint8Array() });
        check(!told.taken && !told.retryable && told.code < 500, `two codings are refused, with ${told.code}`);
      }),
    },
    {
      name: "answers refusals before the pipeline in the encoding of the request, as a Status [D-04, D-12, D-13]",
      run: atDoor(setting, async ({ url }) => {
        for (const format of ["protobuf", "json"] as const) {
          const type = contentTypes[format];
          const refusals = [
            await post(url, text.encode("neither"), { type }),
            await post(url, requestOf("traces", format), { type, encoding: "lzma" }),
            await post(url, text.encode("neither"), { type, encoding: "gzip" }),
          ];
          for (const { status, headers, body } of refusals) {
            equal(headers["content-type"], type, `content type of a ${status}`);
            check(readStatus(body, format).message !== "", `the ${status} in ${format} says why`);
          }
        }
      }),
    },
    {
      name: "does not compress an answer that was not asked to be [D-07]",
      run: atDoor(setting, async ({ url, far }) => {
        far.script({ rejectedItems: 1, message: "m".repeat(5000) });
        equal((await post(url, requestOf("traces"))).headers["content-encoding"], undefined, "content-encoding");
      }),
    },
    {
      name: "limits a chunked body, whose length nobody tells [D-02]",
      run: atDoor(
        setting,
        async ({ url, far }) => {
          const small = { path: "/v1/traces", chunked: true, headers: { "content-type": contentTypes.protobuf } };
          equal((await rawHttp(url, { ...small, body: requestOf("traces") })).status, 200, "a small one");
          equal((await rawHttp(url, { ...small, body: new Uint8Array(100_000) })).status, 413, "a large one");
          equal(far.batches.length, 1, "batches that reached the pipeline");
        },
        { maxRequestBytes: 1000 },
      ),
    },
    {
      name: "says 413 to a length that is too large without waiting for the body [D-02, D-03]",
      run: atDoor(
        setting,
        async ({ url }) => {
          const head =
            "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9999999\r\n\r\n";
          check((await firstBytes(url, head)).startsWith("HTTP/1.1 413"), "the answer is 413");
        },
        { maxRequestBytes: 1000 },
      ),
    },
    {
      name: "lets a client go on that expects 100-continue [D-22]",
      run: atDoor(setting, async ({ url }) => {
        const head =
          "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n" +
          "Expect: 100-continue\r\n\r\n";
        check((await firstBytes(url, head)).startsWith("HTTP/1.1 100"), "the answer begins with 100");
      }),
    },
    {
      name: "survives requests that are not HTTP at all",
      run: atDoor(setting, async ({ url, ask }) => {
        await firstBytes(url, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        await firstBytes(url, "\u0016\u0003\u0001 a TLS hello, nearly\r\n\r\n");
        check((await ask()).taken, "a good request after that is taken");
      }),
    },
  ];
}

function jsonCases(setting: ReceiverSetting): Case[] {
  return [
    {
      name: "turns every golden JSON request into the golden protobuf [D-06, E-01, E-09, E-13]",
      run: atDoor(setting, async ({ ask, far }) => {
        for (const { signal, json, binary, name } of [
          ...golden({ group: "edge" }),
          ...golden({ group: "json-accept" }),
        ]) {
          if (!signal || !json || !binary) continue;
          const before = far.batches.length;
          const told = await ask({ signal, format: "json", body: json });
          check(told.taken, `${name} is taken, not ${told.code} "${told.message}"`);
          const batch = far.batches[before];
          // A receiver may drop what has no items (N1-04).
          if (!batch && signal !== "profiles" && itemIds(signal, binary).length === 0) continue;
          check(batch !== undefined, `${name} reaches the pipeline`);
          equal([batch.signal, batch.format, batch.encoding], [signal, "protobuf", "identity"], name);
          sameBytes(batch.body, binary, name);
        }
      }),
    },
    {
      name: "refuses every golden JSON that is wrong with 400, and the next one is served [D-14]",
      run: atDoor(setting, async ({ ask, far }) => {
        for (const { signal, json, name, expect } of golden({ group: "json-reject" })) {
          if (!signal || !json) continue;
          const told = await ask({ signal, format: "json", body: json });
          // Where the protocol leaves room it may be taken, but never be called a fault of ours.
          if (expect.startsWith("MUST 400") || !told.taken) tells(setting, told, "invalid", name);
          const taken = far.batches.at(-1);
          if (name === "lone-surrogate" && told.taken && taken) checkUtf8(taken.body);
        }
        check((await ask({ format: "json" })).taken, "a good request after the bad ones is taken");
      }),
    },
    {
      name: "takes an empty JSON request and answers with an empty object [D-08, D-09]",
      run: atDoor(setting, async ({ ask }) => {
        for (const body of ["{}", '{"resourceSpans":[]}', " { } "]) {
          const told = await ask({ format: "json", body: text.encode(body) });
          check(told.taken, `${body} is taken`);
          equal(new TextDecoder().decode(told.body), "{}", `the answer to ${body}`);
        }
      }),
    },
  ];
}

/** The encoding of a lone surrogate, which is not UTF-8: ED A0 to ED BF. */
function checkUtf8(body: Uint8Array): void {
  const bad = body.findIndex((byte, at) => byte === 0xed && (body[at + 1] ?? 0) >= 0xa0);
  check(bad === -1, "no invalid UTF-8 is passed on");
}

interface PostOptions {
  readonly path?: string;
  readonly type?: string | undefined;
  readonly encoding?: string;
  readonly agent?: ReturnType<typeof keptConnection>;
}

function post(url: string, body: Uint8Array, options: PostOptions = {}): Promise<RawHttpAnswer> {
  const { path = "/v1/traces", encoding, agent } = options;
  const type = "type" in options ? options.type : contentTypes.protobuf;
  return rawHttp(url, {
    path,
    body,
    headers: {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(encoding === undefined ? {} : { "content-encoding": encoding }),
    },
    ...(agent === undefined ? {} : { agent }),
  });
}

/** Writes bytes to the port and gives the first that come back; "" when the connection just ends. */
function firstBytes(url: string, bytes: string): Promise<string> {
  const { promise, resolve } = deferred<string>();
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes, "latin1"));
  socket.once("data", (data) => {
    resolve(data.toString("latin1"));
    socket.destroy();
  });
  socket.on("error", () => resolve(""));
  socket.on("close", () => resolve(""));
  return promise;
}

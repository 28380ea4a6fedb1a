import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode, protobufToJson, scan } from "@otlpkit/otlp";
import { seeded } from "@otlpkit/testkit";
import { type Backend, grpcBackend, httpBackend } from "@otlpkit/testkit/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../src/cli.ts";
import { recordingTerminal } from "./recording-terminal.ts";

let folder: string;
let backend: Backend;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otlp-send-"));
  backend = await httpBackend();
});
afterEach(async () => {
  await backend.close();
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, ...parts: (Uint8Array | string)[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, Buffer.concat(parts.map((part) => Buffer.from(part))));
  return path;
}

async function otlp(...argv: string[]): Promise<{ code: number; out: string; notes: string }> {
  const terminal = recordingTerminal();
  const code = await run(argv, terminal, {});
  return { code, out: terminal.out.join("\n"), notes: terminal.notes.join("\n") };
}

describe("otlp send", () => {
  it("sends every line of a JSON lines file, and an equal request arrives", async () => {
    const source = seeded(1);
    const requests = [source.traces({ items: 3 }), source.logs({ items: 2 })];
    const lines = requests.flatMap(({ signal, body }) => [protobufToJson(signal, body), "\n"]);
    const { code, out } = await otlp("send", await file("mixed.jsonl", ...lines), "-e", backend.url);
    expect(out).toBe("2 requests: 5 items accepted, 0 rejected, 0 not delivered");
    expect(code).toBe(0);
    expect(backend.requests.map(({ path }) => path)).toEqual(["/v1/traces", "/v1/logs"]);
    expect(decode("traces", backend.requests[0]?.body as Uint8Array)).toEqual(
      decode("traces", requests[0]?.body as Uint8Array),
    );
  });

  it("sends a pretty-printed JSON document", async () => {
    const { body } = seeded(2).metrics({ items: 4 });
    const text = JSON.stringify(JSON.parse(Buffer.from(protobufToJson("metrics", body)).toString()), undefined, 2);
    const { code } = await otlp("send", await file("pretty.json", text), "-e", backend.url);
    expect(code).toBe(0);
    expect(scan("metrics", backend.requests[0]?.body as Uint8Array)).toBe(4);
  });

  it("sends binary data byte for byte when told the signal", async () => {
    const { body } = seeded(3).traces({ items: 7 });
    const { code } = await otlp("send", await file("dump.bin", body), "-e", backend.url, "--signal", "traces");
    expect(code).toBe(0);
    expect(Buffer.from(backend.requests[0]?.body as Uint8Array).equals(body)).toBe(true);
  });

  it("asks for the signal of binary data whose name does not tell", async () => {
    const { body } = seeded(3).traces({ items: 1 });
    const { code, notes } = await otlp("send", await file("dump.bin", body), "-e", backend.url);
    expect(code).toBe(2);
    expect(notes).toMatch(/looks binary.*--signal/);
  });

  it("skips a last line that was cut short, and says so (L-08)", async () => {
    const line = Buffer.from(protobufToJson("logs", seeded(4).logs({ items: 2 }).body));
    const path = await file("torn.jsonl", line, "\n", line.subarray(0, 40));
    const { code, out, notes } = await otlp("send", path, "-e", backend.url);
    expect(code).toBe(0);
    expect(out).toMatch(/^1 request: 2 items accepted/);
    expect(notes).toMatch(/line 2: skipped \(the last line seems to be cut short\)/);
  });

  it("ends with 1 when a line in the middle is no request, and sends the others", async () => {
    const line = Buffer.from(protobufToJson("logs", seeded(4).logs({ items: 2 }).body));
    const path = await file("spoilt.jsonl", line, "\nrubbish\n", line, "\n");
    const { code, out, notes } = await otlp("send", path, "-e", backend.url);
    expect(out).toMatch(/^2 requests: 4 items accepted/);
    expect(notes).toMatch(/line 2: skipped:/);
    expect(code).toBe(1);
  });

  it.each([
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0), /packed with gzip; unpack it first/],
    ["zstd", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0), /packed with zstd; unpack it first/],
    ["a byte order mark", "\ufeff{}", /byte order mark; save it/],
    ["UTF-16", Buffer.from("\ufeff{}", "utf16le"), /UTF-16; save it/],
    ["an array", "[{}]", /a request is an object/],
  ])("recognises %s and says what to do, whatever the file is called", async (_, content, advice) => {
    const { code, notes } = await otlp("send", await file("traces", content), "-e", backend.url);
    expect(notes).toMatch(advice);
    expect(code).toBe(2);
  });

  it("says which header is none instead of failing", async () => {
    const { body } = seeded(3).traces({ items: 1 });
    const path = await file("traces.bin", body);
    const { code, notes } = await otlp("send", path, "-e", backend.url, "-H", "a b=c");
    expect(notes).toMatch(/otlp send: .*a b/);
    expect(code).toBe(2);
  });

  it("splits what is larger than the limit, and nothing is missing (N1-06)", async () => {
    const { body } = seeded(5).traces({ items: 50 });
    const limit = Math.ceil(body.byteLength / 4);
    const { code } = await otlp(
      "send",
      await file("traces.bin", body),
      "-e",
      backend.url,
      "--max-bytes",
      String(limit),
    );
    expect(code).toBe(0);
    expect(backend.requests.length).toBeGreaterThan(3);
    expect(Math.max(...backend.requests.map(({ body: sent }) => sent.byteLength))).toBeLessThanOrEqual(limit);
    expect(backend.requests.reduce((sum, { body: sent }) => sum + scan("traces", sent), 0)).toBe(50);
  });

  it("speaks gRPC to port 4317 and when told to", async () => {
    const grpc = await grpcBackend();
    try {
      const path = await file("traces.bin", seeded(6).traces({ items: 2 }).body);
      const { code } = await otlp("send", path, "-e", grpc.url, "-p", "grpc", "-c", "gzip", "-H", "x-tenant=blue");
      expect(code).toBe(0);
      expect(grpc.requests[0]?.headers).toMatchObject({ "grpc-encoding": "gzip", "x-tenant": "blue" });
    } finally {
      await grpc.close();
    }
  });

  it("counts what the server rejected and passes its words on", async () => {
    backend.script({ kind: "ok", rejectedItems: 1, message: "too old" });
    const path = await file("traces.bin", seeded(7).traces({ items: 3 }).body);
    const { code, out, notes } = await otlp("send", path, "-e", backend.url);
    expect(code).toBe(1);
    expect(out).toMatch(/2 items accepted, 1 rejected/);
    expect(notes).toMatch(/too old/);
  });

  it("says what was not delivered and why, and goes on with the rest", async () => {
    backend.script({ kind: "refuse", httpStatus: 401, message: "who are you?" }, { kind: "ok" });
    const path = await file(
      "traces.jsonl",
      ...[8, 9].flatMap((seed) => [protobufToJson("traces", seeded(seed).traces({ items: 1 }).body), "\n"]),
    );
    const { code, out, notes } = await otlp("send", path, "-e", backend.url);
    expect(code).toBe(1);
    expect(out).toMatch(/1 items accepted, 0 rejected, 1 not delivered/);
    expect(notes).toMatch(/1 span not delivered/);
  });

  it("explains what is wrong with a file that is not OTLP", async () => {
    const { code, notes } = await otlp("send", await file("x.json", '{"resourceSpans": 5}'), "-e", backend.url);
    expect(code).toBe(2);
    expect(notes).toMatch(/not OTLP.*resourceSpans/);
    expect(backend.requests).toHaveLength(0);
  });

  it("gives its result as JSON on request", async () => {
    const body = encode("traces", decode("traces", seeded(1).traces({ items: 2 }).body));
    const { out } = await otlp("send", await file("traces.bin", body), "-e", backend.url, "--json");
    expect(JSON.parse(out)).toEqual({ requests: 1, accepted: 2, rejected: 0, failed: 0 });
  });
});

describe("the command line", () => {
  it.each([
    [["sned"], /no command "sned"/],
    [["send"], /which file/],
    [["send", "/no/such/file"], /cannot read \/no\/such\/file \(ENOENT\)/],
    [["send", "x", "--nonsense"], /nonsense/],
    [["send", "x", "--timeout", "10"], /duration such as 10s/],
    [["send", "x", "--protocol", "thrift"], /grpc, http\/protobuf, http\/json/],
    [["send", "x", "--compression", "rar"], /one of none, gzip/],
    [["send", "x", "-e", "ftp://h"], /begins with http/],
    [["generate", "--rate", "fast"], /--rate takes a whole number/],
  ])("says what is wrong with %j and ends with 2", async (argv, message) => {
    const { code, notes } = await otlp(...argv);
    expect(code).toBe(2);
    expect(notes).toMatch(message);
  });

  it("explains itself", async () => {
    for (const argv of [["--help"], ["send", "--help"], ["generate", "--help"], ["check", "--help"]]) {
      const { code, out } = await otlp(...argv);
      expect(code).toBe(0);
      expect(out).toMatch(/usage: otlp/);
    }
  });
});

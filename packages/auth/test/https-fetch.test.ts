// Answers that no server should give, byte by byte, through the providers that ask.
import { type AddressInfo, createServer } from "node:net";
import { inspect } from "node:util";
import { ExportError, protobufBatch } from "@otlpkit/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { clientCredentials } from "../src/oauth2/index.ts";

const endpoint = { url: "http://127.0.0.1:4318" };
const batch = protobufBatch("traces", new Uint8Array(), 0);

/** Asks a server that answers these bytes for a token. */
async function answered(bytes: string): Promise<ExportError> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const provider = clientCredentials({
    clientId: "a",
    tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?canary`,
    authentication: { method: "client_secret_post", secret: "canary-secret" },
  });
  return provider.headers(endpoint, batch).then(
    () => expect.unreachable("there is no token in there"),
    (error: ExportError) => error,
  );
}

const json = "content-type: application/json\r\n";

describe("a server that gives out tokens", () => {
  it.each<[string, string]>([
    ["a status that is none", `HTTP/1.1 600 canary\r\n${json}content-length: 2\r\n\r\n{}`],
    ["another", `HTTP/1.1 999 canary\r\n${json}\r\n{}`],
    ["a body where there can be none", `HTTP/1.1 205 OK\r\n${json}content-length: 6\r\n\r\ncanary`],
    ["a switch of protocols", "HTTP/1.1 101 Switching\r\nupgrade: canary\r\nconnection: upgrade\r\n\r\ncanary"],
    ["no HTTP", "canary canary canary\r\n\r\n"],
    ["a header that is none", "HTTP/1.1 200 OK\r\nca\0nary: canary\r\n\r\n"],
    ["half of it", `HTTP/1.1 200 OK\r\n${json}content-length: 100\r\n\r\n{"access_token":"canary`],
    ["a body that is no JSON", `HTTP/1.1 200 OK\r\n${json}\r\ncanary`],
    ["a token that is none", `HTTP/1.1 200 OK\r\n${json}\r\n{"access_token":["canary"],"token_type":"canary"}`],
    ["a way elsewhere", "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/canary\r\ncontent-length: 0\r\n\r\n"],
    ["nothing", ""],
  ])("answers %s: that is said, may be tried again, and nothing of it is shown", async (_, bytes) => {
    const error = await answered(bytes);
    expect(error).toBeInstanceOf(ExportError);
    expect(error).toMatchObject({ retryable: true, message: expect.stringContaining("/token") });
    const all = inspect(error, { depth: 12, showHidden: true });
    expect(all).not.toContain("canary");
    expect(all).not.toContain(Buffer.from("canary").toString("hex").match(/../g)!.join(" "));
  });
});

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { basic, bearer } from "@otlpkit/auth";
import { issueJwt, jwtKeys } from "@otlpkit/auth/jwt";
import { authenticate, type CredentialProvider, ExportError, pipe, type Sender } from "@otlpkit/core";
import { seeded } from "@otlpkit/testkit";
import { httpBackend, testAuthority, testClient, testServer } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { httpTransport } from "@otlpkit/transport-http";
import { describe, expect, it, onTestFinished } from "vitest";
import { startRelay } from "../src/start-relay.ts";
import { configured, pipelinesTo, remembering } from "./running.ts";

const spans = seeded(7).traces({ items: 4 });
const keys = jwtKeys([
  { id: "k", key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, algorithm: "RS256" },
]);
const audience = "urn:relay";

function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), "otlpkit-auth-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** A relay whose doors are guarded by `auth`, and what it says. */
async function guarded(extension: string, options: { readonly door?: string; readonly exporter?: string } = {}) {
  const backend = await httpBackend();
  onTestFinished(() => backend.close());
  const name = extension.trim().split(":")[0]!;
  const door = `endpoint: "127.0.0.1:0", auth: { authenticator: ${name} }${options.door ?? ""}`;
  const { log, said } = remembering();
  const relay = await startRelay(
    await configured(`
receivers: { otlp: { protocols: { grpc: { ${door} }, http: { ${door} } } } }
extensions:
  ${extension}
exporters:
  otlphttp: { endpoint: "${backend.url}", compression: none ${options.exporter ?? ""} }
service:
  status: { enabled: false }
  extensions: [${name}]
  pipelines:
${pipelinesTo("otlphttp")}`),
    { log },
  );
  onTestFinished(async () => void (await relay.close(500)));
  const connect = (kind: "HTTP" | "gRPC", provider?: CredentialProvider, tls = {}): Sender => {
    const { url } = relay.doors.find(({ label }) => label === kind)!;
    const transport = kind === "HTTP" ? httpTransport({ tls }) : grpcTransport({ tls });
    const connection = transport.connect({ url });
    const sender = provider === undefined ? connection : pipe(authenticate(provider, { url }), connection);
    onTestFinished(() => sender.close());
    return sender;
  };
  return { relay, backend, said, connect };
}

const kinds = ["HTTP", "gRPC"] as const;

describe("the doors of a relay", () => {
  it("let in who shows a good token, and take the tenant from it", async () => {
    const place = folder({ "keys.json": JSON.stringify(keys.published()) });
    const issuer = "https://issuer.example";
    const { relay, connect, said } = await guarded(
      `oidc: { issuer_url: "${issuer}", audience: "${audience}", public_keys_file: "${place}/keys.json", tenant_claim: tenant }`,
    );
    const token = await issueJwt({ keys, issuer, audience, subject: "shop", claims: { tenant: "blue" } });
    for (const kind of kinds) {
      await connect(kind, bearer(token)).send(spans, {});
      const refusal = { code: "unauthenticated", message: expect.stringContaining("missing or not accepted") };
      await expect(connect(kind, bearer(`${token}x`)).send(spans, {})).rejects.toMatchObject(refusal);
      await expect(connect(kind).send(spans, {})).rejects.toMatchObject(refusal);
    }
    expect(relay.ledger()).toMatchObject({ accepted: 8, closes: true });
    expect(said.join("\n")).toContain("unauthenticated");
    expect(said.join("\n")).not.toContain(token);
  });

  it("let in by user and password, which may change while the relay runs", async () => {
    const place = folder({ users: "alice:one\n" });
    const { connect } = await guarded(`basicauth: { htpasswd: { file: "${place}/users" } }`);
    for (const kind of kinds) await connect(kind, basic("alice", "one")).send(spans, {});
    writeFileSync(join(place, "users"), "alice:two\n");
    for (const kind of kinds) {
      // The new one at once, which ends the old one's time.
      await connect(kind, basic("alice", "two")).send(spans, {});
      await expect(connect(kind, basic("alice", "one")).send(spans, {})).rejects.toThrow(ExportError);
    }
  });

  it("let in by a named token", async () => {
    const { connect } = await guarded(
      "bearertokenauth: { callers: [{ name: shop, token: t1 }, { name: bank, token: t2 }] }",
    );
    for (const token of ["t1", "t2"]) await connect("HTTP", bearer(token)).send(spans, {});
    await expect(connect("gRPC", bearer("t3")).send(spans, {})).rejects.toThrow(ExportError);
  });

  it("let in by certificate", async () => {
    const place = folder({ "ca.pem": testAuthority, "cert.pem": testServer.cert, "key.pem": testServer.key });
    const tls = `, tls: { cert_file: "${place}/cert.pem", key_file: "${place}/key.pem", client_ca_file: "${place}/ca.pem" }`;
    const { connect } = await guarded('mtlsauth: { names: ["client.test"] }', { door: tls });
    for (const kind of kinds) {
      await connect(kind, undefined, { ca: testAuthority, ...testClient }).send(spans, {});
      await expect(connect(kind, undefined, { ca: testAuthority }).send(spans, {})).rejects.toMatchObject({
        code: "unavailable",
      });
    }
  });
});

describe("an exporter of a relay", () => {
  it.each<[string, string, Readonly<Record<string, string>>]>([
    ["a token", "bearertokenauth: { token: abc }", { authorization: "Bearer abc" }],
    ["an API key", "bearertokenauth: { header: X-Api-Key, token: abc }", { "x-api-key": "abc" }],
    ["user and password", "basicauth: { client_auth: { username: a, password: b } }", { authorization: "Basic YTpi" }],
    [
      "headers of its own and of whoever sent",
      "headers_setter: { headers: [{ key: x-one, value: '1' }, { key: x-two, from_context: x-tenant, default_value: none }] }",
      { "x-one": "1", "x-two": "none" },
    ],
  ])("shows %s", async (_, extension, headers) => {
    const backend = await httpBackend();
    onTestFinished(() => backend.close());
    const relay = await startRelay(
      await configured(`
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
extensions: { ${extension} }
exporters: { otlphttp: { endpoint: "${backend.url}", auth: { authenticator: ${extension.split(":")[0]} } } }
service:
  status: { enabled: false }
  extensions: [${extension.split(":")[0]}]
  pipelines:
${pipelinesTo("otlphttp")}`),
      { log: remembering().log },
    );
    onTestFinished(async () => void (await relay.close(500)));
    const sender = httpTransport().connect({ url: relay.doors[0]!.url });
    await sender.send(spans, {});
    await sender.close();
    expect(backend.requests[0]?.headers).toMatchObject(headers);
  });

  it("gets a token by client credentials and shows it to a relay that checks it, through its expiry under load", async () => {
    let asked = 0;
    const reply = async (path: string | undefined): Promise<object> => {
      if (path === "/jwks") return keys.published();
      asked++;
      const token = await issueJwt({ keys, issuer: place(), audience, subject: "relay", lifetimeMs: 3000 });
      return { access_token: token, token_type: "bearer", expires_in: 2 };
    };
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(await reply(request.url)));
    };
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const place = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { relay: checking } = await guarded(
      `oidc: { issuer_url: "${place()}", audience: "${audience}", jwks_url: "${place()}/jwks", clock_tolerance: 0s }`,
    );
    const url = checking.doors.find(({ label }) => label === "HTTP")!.url;
    const relay = await startRelay(
      await configured(`
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
extensions: { oauth2client: { client_id: relay, client_secret: s, token_url: "${place()}/token" } }
exporters: { otlphttp: { endpoint: "${url}", auth: { authenticator: oauth2client } } }
service:
  status: { enabled: false }
  extensions: [oauth2client]
  pipelines:
${pipelinesTo("otlphttp")}`),
      { log: remembering().log },
    );
    onTestFinished(async () => void (await relay.close(500)));
    const sender = httpTransport().connect({ url: relay.doors[0]!.url });
    const until = performance.now() + 2500;
    let sent = 0;
    for (; performance.now() < until; sent++) await sender.send(spans, {});
    await sender.close();
    expect(checking.ledger().accepted).toBe(sent * 4);
    // A second each, asked once for each. Ends of tokens are full seconds, so they live a second longer than they say.
    expect(asked).toBeGreaterThanOrEqual(2);
    expect(asked).toBeLessThanOrEqual(6);
  });

  it("is not started where its credentials would go in clear", async () => {
    const yaml = (more: string): string => `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
extensions: { bearertokenauth: { token: canary } }
exporters: { otlphttp: { endpoint: "http://otlp.example:4318", auth: { authenticator: bearertokenauth${more} } } }
service: { status: { enabled: false }, extensions: [bearertokenauth], pipelines: { traces: { receivers: [otlp], exporters: [otlphttp] } } }`;
    const start = async (more: string) => startRelay(await configured(yaml(more)), { log: remembering().log });
    await expect(start("")).rejects.toThrow(
      /^exporters\.otlphttp: credentials are not sent to http:\/\/otlp\.example:4318 in clear(?!.*canary)/,
    );
    await (await start(", allow_cleartext: true")).close(100);
  });

  it("is not started with an extension of another kind", async () => {
    const yaml = `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
extensions: { bearertokenauth: { token: canary }, file_storage: { directory: /nowhere } }
exporters: { otlphttp: { endpoint: "https://otlp.example", auth: { authenticator: file_storage } } }
service: { status: { enabled: false }, extensions: [bearertokenauth, file_storage], pipelines: { traces: { receivers: [otlp], exporters: [otlphttp] } } }`;
    await expect(startRelay(await configured(yaml), { log: remembering().log })).rejects.toThrow(
      /the extension file_storage offers no credentials; bearertokenauth does/,
    );
  });
});

describe("what checks at the doors", () => {
  it("is let go of when the relay ends", async () => {
    const read = await configured(`
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0", auth: { authenticator: bearertokenauth } } } } }
extensions: { bearertokenauth: { token: t } }
exporters: { nop: }
service: { status: { enabled: false }, extensions: [bearertokenauth], pipelines: { traces: { receivers: [otlp], exporters: [nop] } } }`);
    let closed = 0;
    const authenticator = {
      name: "own",
      authenticate: () => Promise.reject(new ExportError("forbidden", "no")),
      close: () => Promise.resolve(void closed++),
    };
    const made = read.extensions.get("bearertokenauth")!;
    const plugin = {
      ...made.plugin,
      create: () => Promise.resolve({ offers: { authenticator }, close: () => Promise.resolve() }),
    };
    const extensions = new Map([["bearertokenauth", { ...made, plugin }]]);
    const relay = await startRelay({ ...read, extensions }, { log: remembering().log });
    await relay.close(500);
    expect(closed).toBeGreaterThan(0);
  });
});

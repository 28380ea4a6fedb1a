import { decodeJwt } from "jose";
import { testAuthority, testClient, testServer } from "@otlpkit/testkit/node";
import { ExportError, protobufBatch } from "@otlpkit/core";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { secret as wrapped } from "../src/secrets/index.ts";
import { clientCredentials, type ClientCredentialsOptions } from "../src/oauth2/index.ts";
import { audience, type AuthorizationServer, authorizationServer, rsaKeys, secret } from "./authorization-server.ts";

const endpoint = { url: "http://127.0.0.1:4318" };
const batch = protobufBatch("traces", new Uint8Array(), 0);
const tokenPath = "/token";
const [signing, client] = [rsaKeys(), rsaKeys()];
const assertionKey = client.privateKey.export({ type: "pkcs8", format: "pem" });
let server: AuthorizationServer;

beforeAll(async () => {
  server = await authorizationServer({
    signingKeys: [{ kid: "one", key: signing.privateKey }],
    assertionKey: client.publicKey,
  });
});
afterAll(() => server.close());
beforeEach(() => {
  server.lifetimeSeconds = 600;
  server.trouble = undefined;
  server.revoked.clear();
});

/** A provider, and the time that it believes in. */
function setUp(options: Partial<ClientCredentialsOptions> = {}) {
  let nowMs = 0;
  const refreshes: string[] = [];
  const provider = clientCredentials({
    issuer: server.issuer,
    clientId: "basic",
    authentication: { method: "client_secret_basic", secret },
    scope: "telemetry.write",
    now: () => nowMs,
    random: () => 0,
    onRefresh: (outcome) => void refreshes.push("error" in outcome ? outcome.error.code : String(outcome.lifetimeMs)),
    ...options,
  });
  const before = server.requests[tokenPath] ?? 0;
  const asked = (): number => (server.requests[tokenPath] ?? 0) - before;
  return {
    provider,
    refreshes,
    asked,
    /** What is asked in the background has got its answer. */
    settled: async (count: number): Promise<void> => {
      await expect.poll(asked).toBe(count);
      await expect.poll(() => refreshes.length).toBe(count);
    },
    wait: (ms: number) => void (nowMs += ms),
    token: async (): Promise<string> => {
      const { authorization = "" } = await provider.headers(endpoint, batch);
      return authorization.replace(/^Bearer /u, "");
    },
  };
}

describe("clientCredentials", () => {
  it.each<[string, Partial<ClientCredentialsOptions>]>([
    ["the secret in the header, with every character that needs care", {}],
    ["the secret in the body", { clientId: "post", authentication: { method: "client_secret_post", secret } }],
    [
      "an assertion that we sign",
      { clientId: "signer", authentication: { method: "private_key_jwt", key: assertionKey, keyId: "signer-1" } },
    ],
    [
      "a secret that is looked up when it is needed",
      { authentication: { method: "client_secret_basic", secret: { get: async () => wrapped(secret) } } },
    ],
  ])("gets a JWT with %s", async (_, options) => {
    const { token } = setUp(options);
    expect(decodeJwt(await token())).toMatchObject({
      iss: server.issuer,
      aud: audience,
      scope: "telemetry.write",
      client_id: options.clientId ?? "basic",
    });
  });

  it("gets one with our certificate", async () => {
    const { cert, key } = testClient;
    const secure = await authorizationServer({
      signingKeys: [{ kid: "one", key: signing.privateKey }],
      tls: { ...testServer, ca: testAuthority },
    });
    onTestFinished(() => secure.close());
    const { token } = setUp({
      issuer: secure.issuer,
      clientId: "certified",
      authentication: { method: "tls_client_auth", cert, key },
      https: { ca: testAuthority },
    });
    expect(decodeJwt(await token())).toMatchObject({ iss: secure.issuer, cnf: { "x5t#S256": expect.any(String) } });
  });

  it("asks for another audience by resource", async () => {
    const { token } = setUp({ resource: "urn:otlp:other" });
    expect(decodeJwt(await token()).aud).toBe("urn:otlp:other");
  });

  it("asks once for many who wait, and again when the token nears its end, before anybody waits", async () => {
    const { token, asked, settled, wait, refreshes } = setUp();
    const tokens = await Promise.all(Array.from({ length: 50 }, token));
    expect(new Set(tokens).size).toBe(1);
    expect(asked()).toBe(1);
    wait(479_000);
    expect(await token()).toBe(tokens[0]);
    expect(asked()).toBe(1);
    wait(1000);
    // The old one, at once, while a new one is asked for.
    expect(await token()).toBe(tokens[0]);
    await settled(2);
    expect(await token()).not.toBe(tokens[0]);
    expect(asked()).toBe(2);
    expect(refreshes).toEqual(["600000", "600000"]);
  });

  it("renews at half of it a token that lives shortly", async () => {
    server.lifetimeSeconds = 60;
    const { token, asked, settled, wait } = setUp();
    await token();
    wait(29_000);
    await token();
    expect(asked()).toBe(1);
    wait(1000);
    await token();
    await settled(2);
  });

  it("uses the old token until it really ends while the server is away, and does not hammer it", async () => {
    const { token, asked, settled, wait, refreshes } = setUp();
    const first = await token();
    server.trouble = (_request, response) => void response.writeHead(503, { "retry-after": "7" }).end();
    wait(500_000);
    expect(await token()).toBe(first);
    await settled(2);
    expect(await token()).toBe(first);
    wait(6999);
    expect(await token()).toBe(first);
    expect(asked()).toBe(2);
    wait(1);
    expect(await token()).toBe(first);
    await settled(3);
    wait(93_000);
    await expect(token()).rejects.toMatchObject({ code: "unavailable", retryable: true, retryAfterMs: 7000 });
    server.trouble = undefined;
    wait(7000);
    expect(await token()).not.toBe(first);
    expect(refreshes.filter((each) => each === "unavailable").length).toBeGreaterThanOrEqual(3);
  });

  it("is not asked again and again where new tokens are refused as well", async () => {
    const { provider, token, asked, wait } = setUp();
    for (let attempt = 0; attempt < 50; attempt++) {
      await token();
      provider.invalidate?.(endpoint);
      wait(100);
    }
    // The first, six at once, then after a second, and after two more.
    expect(asked()).toBe(9);
    wait(60_000);
    const before = await token();
    provider.invalidate?.(endpoint);
    expect(await token()).not.toBe(before);
  });

  it("asks anew after the far side has refused the token", async () => {
    const { provider, token, asked } = setUp();
    const first = await token();
    provider.invalidate?.(endpoint);
    expect(await token()).not.toBe(first);
    expect(asked()).toBe(2);
  });

  it("says what to do about a client that was revoked, and does not ask again soon", async () => {
    const { token, asked, wait } = setUp();
    server.revoked.add("basic");
    const refusal = {
      code: "unauthenticated",
      retryable: false,
      message: expect.stringContaining("whether it was revoked"),
    };
    await expect(token()).rejects.toMatchObject(refusal);
    await expect(token()).rejects.toMatchObject(refusal);
    wait(20_000);
    await expect(token()).rejects.toMatchObject(refusal);
    expect(asked()).toBe(1);
    server.revoked.clear();
    wait(60_000);
    await token();
  });

  it.each<[string, Partial<ClientCredentialsOptions>, RegExp]>([
    [
      "a wrong secret",
      { authentication: { method: "client_secret_basic", secret: "canary" } },
      /invalid_client \(401\)/,
    ],
    ["an audience that is none", { resource: "canary" }, /invalid_target \(400\); check scope/],
    [
      "a path that is no token endpoint",
      { tokenUrl: "ISSUER/nowhere?canary" },
      /\/nowhere: it answers 404; is this the token/,
    ],
    [
      "a server that is not there",
      { tokenUrl: "http://127.0.0.1:1/token" },
      /cannot reach http:\/\/127\.0\.0\.1:1\/token/,
    ],
    ["an issuer that is none", { issuer: "ISSUER/elsewhere" }, /elsewhere: it answers 404/],
  ])("says what is wrong with %s, and no secret", async (_, options, message) => {
    const replaced = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [
        name,
        typeof value === "string" ? value.replace("ISSUER", server.issuer) : value,
      ]),
    );
    const error: ExportError = await setUp(replaced as never)
      .token()
      .then(
        () => new ExportError("rejected", ""),
        (thrown: ExportError) => thrown,
      );
    expect(error.message).toMatch(message);
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain("canary");
  });

  it("waits no longer than the caller does, and lets the others wait", async () => {
    let answer: (() => void) | undefined;
    const waiting = new Promise<void>((resolve) => (answer = resolve));
    const { provider, token } = setUp({ tokenUrl: `${server.issuer}/token` });
    server.trouble = (_request, response) => {
      void waiting.then(() =>
        response
          .writeHead(200, { "content-type": "application/json" })
          .end('{"access_token":"t","token_type":"bearer"}'),
      );
    };
    const patient = token();
    const leaving = new AbortController();
    const impatient = provider.headers(endpoint, batch, leaving.signal);
    leaving.abort();
    await expect(impatient).rejects.toMatchObject({ code: "cancelled" });
    answer?.();
    expect(await patient).toBe("t");
  });

  it("takes a token without a lifetime for five minutes, never for ever", async () => {
    const { token, wait, asked } = setUp({ tokenUrl: `${server.issuer}/token` });
    server.trouble = (_request, response) =>
      void response
        .writeHead(200, { "content-type": "application/json" })
        .end('{"access_token":"t","token_type":"bearer"}');
    await token();
    wait(300_000);
    await token();
    expect(asked()).toBe(2);
  });

  it("does not repeat what stands where the name of an error belongs", async () => {
    const { token } = setUp({ tokenUrl: `${server.issuer}/token` });
    server.trouble = (_request, response) =>
      void response.writeHead(400, { "content-type": "application/json" }).end('{"error":"canary is not known"}');
    await expect(token()).rejects.toThrow(/it answers an error \(400\)$/);
  });

  it("gives up an answer that is too long", async () => {
    const { token } = setUp({ tokenUrl: `${server.issuer}/token` });
    server.trouble = (_request, response) => void response.writeHead(200).end("x".repeat(100_000));
    await expect(token()).rejects.toMatchObject({
      code: "bad-response",
      message: expect.stringContaining("65536 bytes"),
    });
  });

  it("needs to know where to ask, and does not ask where others listen", () => {
    const making = (place: Partial<ClientCredentialsOptions>) => () =>
      clientCredentials({ clientId: "a", authentication: { method: "client_secret_basic", secret }, ...place });
    expect(making({})).toThrow("needs tokenUrl, or issuer");
    expect(making({ tokenUrl: "http://canary:canary@auth.example/token" })).toThrow(
      /not sent to http:\/\/auth\.example in clear(?!.*canary)/,
    );
    expect(making({ issuer: "canary" })).toThrow(/^(?!.*canary).*is no URL/);
    making({ tokenUrl: "http://auth.example/token", https: { allowCleartext: true } })();
  });
});

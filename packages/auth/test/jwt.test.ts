import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeProtectedHeader, SignJWT } from "jose";
import type { ExportError, Knock } from "@otlpkit/core";
import { protobufBatch } from "@otlpkit/core";
import { testAuthority, testServer } from "@otlpkit/testkit/node";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  acceptJwt,
  type AcceptJwtOptions,
  issueJwt,
  jwt,
  jwtKeys,
  type KeySource,
  type SigningKey,
} from "../src/jwt/index.ts";
import { clientCredentials } from "../src/oauth2/index.ts";
import { audience, type AuthorizationServer, authorizationServer, rsaKeys, secret } from "./authorization-server.ts";

const issuer = "https://issuer.example";
const signal = new AbortController().signal;
const endpoint = { url: "http://127.0.0.1:4318" };
const batch = protobufBatch("traces", new Uint8Array(), 0);
const rsa = rsaKeys();
const pem = (key: { export(options: object): unknown }): string =>
  key.export({ type: "pkcs8", format: "pem" }) as string;
const ec = (namedCurve: string): string => pem(generateKeyPairSync("ec", { namedCurve }).privateKey);

const kinds: readonly [string, SigningKey][] = [
  ["RS256", { id: "k", key: pem(rsa.privateKey), algorithm: "RS256" }],
  ["RS512", { id: "k", key: rsa.privateKey, algorithm: "RS512" }],
  ["PS384", { id: "k", key: rsa.privateKey, algorithm: "PS384" }],
  ["ES256", { id: "k", key: ec("P-256"), algorithm: "ES256" }],
  ["ES384", { id: "k", key: ec("P-384"), algorithm: "ES384" }],
  ["ES512", { id: "k", key: ec("P-521"), algorithm: "ES512" }],
  ["EdDSA", { id: "k", key: pem(generateKeyPairSync("ed25519").privateKey), algorithm: "EdDSA" }],
];
const keys = jwtKeys([kinds[0]![1]]);
const ownKeys: KeySource = { kind: "set", keys: keys.published() };

function knock(token: string, header = "authorization"): Knock {
  return { headers: { [header]: `Bearer ${token}` }, address: "127.0.0.1" };
}

function accepting(options: Partial<AcceptJwtOptions> = {}) {
  const authenticator = acceptJwt({ issuer, audience, keys: ownKeys, rememberMs: 0, ...options });
  return (token: string) => authenticator.authenticate(knock(token), signal);
}

/** What the other side is told, and what our own log is. */
async function refusal(promise: Promise<unknown>): Promise<{ code: string; told: string; logged: string }> {
  const error = (await promise.then(
    () => Promise.reject(new Error("it was let in")),
    (thrown: unknown) => thrown,
  )) as ExportError;
  return { code: error.code, told: error.message, logged: String((error.cause as Error | undefined)?.message) };
}

describe("tokens that we sign", () => {
  it.each(kinds)("are signed and accepted with %s", async (algorithm, key) => {
    const own = jwtKeys([key]);
    const token = await issueJwt({ keys: own, issuer, audience, subject: "shop", claims: { tenant: "blue" } });
    expect(decodeProtectedHeader(token)).toEqual({ alg: algorithm, kid: "k", typ: "JWT" });
    const accept = accepting({ keys: { kind: "set", keys: own.published() }, tenantClaim: "tenant" });
    expect(await accept(token)).toEqual({ name: "shop", method: "jwt", tenant: "blue" });
  });

  it.each(["HS256", "HS384", "HS512"])(
    "are signed and accepted with a secret and %s, which is never published",
    async (algorithm) => {
      const shared = randomBytes(32);
      const own = jwtKeys([{ id: "k", key: shared, algorithm }]);
      const token = await issueJwt({ keys: own, issuer, audience, subject: "shop" });
      expect(await accepting({ keys: { kind: "secret", secret: shared } })(token)).toEqual({
        name: "shop",
        method: "jwt",
      });
      expect(own.published()).toEqual({ keys: [] });
      await refusal(accepting({ keys: { kind: "secret", secret: randomBytes(32) } })(token));
    },
  );

  it("are the ones that RFC 7515 makes of its example", async () => {
    // Appendix A.1: HMAC-SHA256 over a header and claims that are given byte by byte.
    const key = Buffer.from(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
      "base64url",
    );
    const signed =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    expect(createHmac("sha256", key).update(signed).digest("base64url")).toBe(signature);
    const accept = accepting({
      issuer: "joe",
      keys: { kind: "secret", secret: key },
      nameClaim: "iss",
      now: () => 1_300_819_000_000,
    });
    // It is for nobody, and so for none of us.
    expect((await refusal(accept(`${signed}.${signature}`))).logged).toBe("the claim aud is not as it must be");
  });

  it("are made anew at four fifths of their life, after a refusal, and when the key changes", async () => {
    let nowMs = 1_800_000_000_000;
    const rotating = jwtKeys([
      { id: "old", key: rsa.privateKey, algorithm: "RS256" },
      { id: "new", key: rsaKeys().privateKey, algorithm: "RS256", signFromMs: nowMs + 1_000_000 },
    ]);
    const provider = jwt({ keys: rotating, issuer, audience, now: () => nowMs });
    const token = async (): Promise<string> => (await provider.headers(endpoint, batch))["authorization"]!.slice(7);
    const first = await token();
    nowMs += 479_000;
    expect(await token()).toBe(first);
    nowMs += 1000;
    const second = await token();
    expect(second).not.toBe(first);
    provider.invalidate?.(endpoint);
    const third = await token();
    expect(third).not.toBe(second);
    nowMs += 520_000;
    const fourth = await token();
    expect([third, fourth].map((each) => decodeProtectedHeader(each).kid)).toEqual(["old", "new"]);
    // Who checks finds both: the last old one is still good.
    const accept = accepting({ keys: { kind: "set", keys: rotating.published() }, now: () => nowMs });
    await Promise.all([third, fourth].map(accept));
  });

  it("are made anew after one could not be made", async () => {
    let broken = true;
    const failing = {
      ...keys,
      current(nowMs: number) {
        const { id, key, algorithm } = keys.current(nowMs);
        // A key that the algorithm can't use is found when it signs.
        return broken ? { id, key, algorithm: "ES256" } : { id, key, algorithm };
      },
    };
    const provider = jwt({ keys: failing, issuer, audience });
    await expect(provider.headers(endpoint, batch)).rejects.toThrow();
    broken = false;
    await provider.headers(endpoint, batch);
  });

  it.each<[string, readonly SigningKey[], RegExp]>([
    ["no key", [], /at least one/],
    ["two keys of one id", [kinds[0]![1], kinds[0]![1]], /same id/],
    ["a key of another kind", [{ id: "k", key: rsa.privateKey, algorithm: "ES256" }], /is a rsa key; ES256 needs/],
    ["another curve", [{ id: "k", key: ec("P-384"), algorithm: "ES256" }], /lies on secp384r1; ES256 needs prime256v1/],
    ["a public key", [{ id: "k", key: rsa.publicKey, algorithm: "RS256" }], /needs a private/],
    ["a short secret", [{ id: "k", key: "canary", algorithm: "HS256" }], /at least 32 bytes/],
    ["what is no key", [{ id: "k", key: "canary", algorithm: "RS256" }], /no private key in PEM/],
    ["an algorithm that is none", [{ id: "k", key: rsa.privateKey, algorithm: "none" }], /no algorithm none/],
  ])("are not signed with %s", (_, given, message) => {
    expect(() => jwtKeys(given)).toThrow(message);
    expect(() => jwtKeys(given)).toThrow(/^(?!.*canary)/);
  });
});

describe("acceptJwt", () => {
  const now = Math.floor(Date.now() / 1000);
  const sign = (claims: object, header: object = {}): Promise<string> =>
    new SignJWT({ iss: issuer, aud: audience, sub: "shop", exp: now + 60, ...claims })
      .setProtectedHeader({ alg: "RS256", kid: "k", ...header })
      .sign(rsa.privateKey);

  it.each<[string, object, Partial<AcceptJwtOptions>, RegExp]>([
    ["for somebody else", { aud: "urn:other" }, {}, /claim aud/],
    ["for nobody", { aud: undefined }, {}, /claim aud/],
    ["of another issuer", { iss: "https://evil.example" }, {}, /claim iss/],
    ["that has ended", { exp: now - 31 }, {}, /has ended/],
    ["that never ends", { exp: undefined }, {}, /claim exp/],
    ["that is not good yet", { nbf: now + 60 }, {}, /claim nbf/],
    ["that is issued in the future", { iat: now + 60 }, {}, /in the future/],
    ["that is too old", { iat: now - 120 }, { maxAgeMs: 60_000 }, /has ended/],
    ["of another type", {}, { type: "at+jwt" }, /claim typ/],
    ["without a name", { sub: undefined }, {}, /no sub or client_id/],
    ["without a tenant", {}, { tenantClaim: "tenant" }, /no tenant/],
  ])("refuses a token %s, and does not say why", async (_, claims, options, logged) => {
    const found = await refusal(accepting(options)(await sign(claims)));
    expect(found).toMatchObject({ code: "unauthenticated", told: "the credentials are missing or not accepted" });
    expect(found.logged).toMatch(logged);
  });

  it("grants clocks half a minute", async () => {
    await accepting()(await sign({ exp: now - 20, nbf: now + 20 }));
  });

  it("refuses tokens that choose their own way to be checked", async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify({ iss: issuer, aud: audience, sub: "a", exp: now + 60 })).toString("base64url")}.`;
    await refusal(accepting()(unsigned));
    // The public key as a secret, the oldest trick.
    const published = rsa.publicKey.export({ type: "spki", format: "pem" });
    const confused = await new SignJWT({ iss: issuer, aud: audience, sub: "a", exp: now + 60 })
      .setProtectedHeader({ alg: "HS256", kid: "k" })
      .sign(new TextEncoder().encode(published));
    expect((await refusal(accepting()(confused))).logged).toContain("algorithm that is not allowed");
    const evil = rsaKeys();
    const withKey = await new SignJWT({ iss: issuer, aud: audience, sub: "a", exp: now + 60 })
      .setProtectedHeader({ alg: "RS256", jwk: evil.publicKey.export({ format: "jwk" }) as never, kid: "k" })
      .sign(evil.privateKey);
    expect((await refusal(accepting()(withKey))).logged).toContain("signature is wrong");
    const critical = await sign({}, {}).then((token) =>
      token.replace(/^[^.]+/u, Buffer.from('{"alg":"RS256","kid":"k","crit":["x"],"x":1}').toString("base64url")),
    );
    await refusal(accepting()(critical));
  });

  it.each(["", "a", "a.b", "a.b.c", "....", "x".repeat(20_000), "\u0000", "ü.ü.ü"])(
    "refuses what is no token: %j",
    async (token) => {
      expect((await refusal(accepting()(token))).code).toBe("unauthenticated");
    },
  );

  it("refuses a request without a token, with two, or with another scheme", async () => {
    const authenticator = acceptJwt({ issuer, audience, keys: ownKeys });
    for (const headers of [{}, { authorization: ["Bearer a", "Bearer b"] }, { authorization: "Basic abc" }]) {
      expect((await refusal(authenticator.authenticate({ headers, address: "" }, signal))).code).toBe(
        "unauthenticated",
      );
    }
  });

  it("says of a token without the scope that it does not allow this", async () => {
    const accept = accepting({ scopes: ["telemetry.write"] });
    await accept(await sign({ scope: "a telemetry.write b" }));
    await accept(await sign({ scp: ["telemetry.write"] }));
    expect(await refusal(accept(await sign({ scope: "telemetry.read" })))).toMatchObject({ code: "forbidden" });
  });

  it("takes the name from the claim that is said, from a header that is said", async () => {
    const authenticator = acceptJwt({ issuer, audience, keys: ownKeys, nameClaim: "email", header: "x-token" });
    const token = await sign({ email: "a@example.org" });
    expect(await authenticator.authenticate(knock(token, "x-token"), signal)).toMatchObject({ name: "a@example.org" });
  });

  it("checks a token once a minute, and not beyond its end", async () => {
    let nowMs = now * 1000;
    const set = keys.published();
    const authenticator = acceptJwt({
      issuer,
      audience,
      keys: { kind: "set", keys: set },
      now: () => nowMs,
      clockToleranceMs: 0,
    });
    const token = await sign({ exp: now + 100 });
    await authenticator.authenticate(knock(token), signal);
    nowMs += 99_000;
    await authenticator.authenticate(knock(token), signal);
    nowMs += 2000;
    expect((await refusal(authenticator.authenticate(knock(token), signal))).logged).toBe("the token has ended");
  });

  it("refuses to mix secrets and public keys", () => {
    expect(() => accepting({ algorithms: ["RS256", "HS256"] })).toThrow("HS256 can't be accepted with public keys");
    expect(() => accepting({ algorithms: ["none"] })).toThrow("none can't be accepted");
    expect(() => accepting({ keys: { kind: "secret", secret: "x".repeat(32) }, algorithms: ["RS256"] })).toThrow(
      "with a secret",
    );
    expect(() => accepting({ keys: { kind: "secret", secret: "short" } })).toThrow("at least 32 bytes");
  });
});

describe("keys in a file", () => {
  let folder: string;
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("are read again when a token has a new one, and old ones serve while the file is broken", async () => {
    folder = await mkdtemp(join(tmpdir(), "otlpkit-jwks-"));
    const path = join(folder, "jwks.json");
    let nowMs = Date.now();
    const next = jwtKeys([kinds[0]![1], { id: "next", key: rsaKeys().privateKey, algorithm: "RS256", signFromMs: 0 }]);
    const accept = accepting({ keys: { kind: "file", path }, now: () => nowMs });
    expect(await refusal(accept(await issueJwt({ keys, issuer, audience })))).toMatchObject({ code: "unavailable" });
    nowMs += 1000;
    await writeFile(path, JSON.stringify(keys.published()));
    await accept(await issueJwt({ keys, issuer, audience }));
    nowMs += 1000;
    await writeFile(path, JSON.stringify(next.published()));
    await accept(await issueJwt({ keys: next, issuer, audience }));
    nowMs += 10_000;
    await writeFile(path, "{");
    await accept(await issueJwt({ keys: next, issuer, audience }));
  });

  it("are said not to be there without a word of what is, and nothing of it to who knocks", async () => {
    folder = await mkdtemp(join(tmpdir(), "otlpkit-jwks-"));
    const path = join(folder, "jwks.json");
    await writeFile(path, "canary canary");
    const accept = accepting({ keys: { kind: "file", path } });
    const found = await refusal(accept(await issueJwt({ keys, issuer, audience })));
    expect(found).toEqual({
      code: "unavailable",
      told: "the credentials can't be checked now; try again",
      logged: `the keys of ${issuer} can't be had now: ${path} holds no JSON`,
    });
  });
});

describe("keys of a real server", () => {
  let server: AuthorizationServer;
  const signing = rsaKeys();
  beforeAll(async () => {
    server = await authorizationServer({ signingKeys: [{ kid: "one", key: signing.privateKey }] });
  });
  afterAll(() => server.close());
  const jwks = "/jwks";

  it("are discovered, fetched once, and check the tokens that it gives out", async () => {
    const provider = clientCredentials({
      issuer: server.issuer,
      clientId: "basic",
      authentication: { method: "client_secret_basic", secret },
      scope: "telemetry.write",
    });
    const token = (await provider.headers(endpoint, batch))["authorization"]!.slice(7);
    const accept = accepting({
      issuer: server.issuer,
      keys: { kind: "discovered" },
      type: "at+jwt",
      scopes: ["telemetry.write"],
    });
    const before = server.requests[jwks] ?? 0;
    const callers = await Promise.all(Array.from({ length: 20 }, () => accept(token)));
    expect(callers[0]).toEqual({ name: "basic", method: "jwt" });
    expect((server.requests[jwks] ?? 0) - before).toBe(1);
    expect(
      (await refusal(accepting({ issuer: server.issuer, audience: "urn:other", keys: { kind: "discovered" } })(token)))
        .logged,
    ).toContain("aud");
  });

  it("are asked for at most once a cooldown, whatever keys tokens name, and found after a rotation", async () => {
    let nowMs = Date.now();
    const place: KeySource = { kind: "url", url: `${server.issuer}${jwks}` };
    const accept = accepting({ issuer: server.issuer, keys: place, now: () => nowMs });
    const flood = Array.from({ length: 30 }, (_, index) => {
      return issueJwt({
        keys: jwtKeys([{ id: `unknown-${index}`, key: rsa.privateKey, algorithm: "RS256" }]),
        issuer: server.issuer,
        audience,
      });
    });
    const before = server.requests[jwks] ?? 0;
    for (const token of flood) await refusal(accept(await token));
    expect((server.requests[jwks] ?? 0) - before).toBe(1);
    nowMs += 30_000;
    const after = server.requests[jwks] ?? 0;
    await Promise.all(flood.map(async (token) => refusal(accept(await token))));
    expect((server.requests[jwks] ?? 0) - after).toBe(1);
  });

  it("are fetched with authorities that may change", async () => {
    const secure = await authorizationServer({
      signingKeys: [{ kid: "one", key: signing.privateKey }],
      tls: { ...testServer, ca: testAuthority },
    });
    onTestFinished(() => secure.close());
    const files = { current: { ca: testServer.cert }, onChange: () => () => {} };
    const own = jwtKeys([{ id: "one", key: signing.privateKey, algorithm: "RS256" }]);
    const accept = accepting({ issuer: secure.issuer, keys: { kind: "discovered" }, cooldownMs: 0, https: { files } });
    const token = await issueJwt({ keys: own, issuer: secure.issuer, audience });
    expect((await refusal(accept(token))).logged).toMatch(/cannot reach .*\((?:UNABLE_TO|SELF_SIGNED)/);
    files.current = { ca: testAuthority };
    await accept(token);
  });

  it("stay good while the server is away", async () => {
    let nowMs = Date.now();
    const own = jwtKeys([{ id: "one", key: signing.privateKey, algorithm: "RS256" }]);
    const accept = accepting({ issuer: server.issuer, keys: { kind: "discovered" }, now: () => nowMs });
    const token = (): Promise<string> => issueJwt({ keys: own, issuer: server.issuer, audience, now: () => nowMs });
    await accept(await token());
    server.trouble = (_request, response) => void response.writeHead(500).end();
    nowMs += 3_600_000;
    await accept(await token());
    await accept(await token());
    server.trouble = undefined;
  });
});

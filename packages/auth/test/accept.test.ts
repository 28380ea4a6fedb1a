import { createHash } from "node:crypto";
import { hash } from "bcryptjs";
import { type Authenticator, authenticate, type CallerCertificate, ExportError, type Knock, pipe } from "@otlpkit/core";
import { recordingSender, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { acceptBasic, acceptBearer, acceptCertificate, anyOf, apiKey, basic, bearer } from "../src/index.ts";
import { secret } from "../src/secrets/index.ts";

const signal = new AbortController().signal;
const spans = seeded(1).traces({ items: 1 });

/** What a provider's headers look like at the other end. */
async function knockWith(provider: Parameters<typeof authenticate>[0]): Promise<Knock> {
  const end = recordingSender();
  await pipe(authenticate(provider, { url: "https://otlp.example" }), end).send(spans, {});
  return { headers: end.batches[0]!.headers, address: "127.0.0.1" };
}

const nobody: Knock = { headers: {}, address: "" };

async function refusal(authenticator: Authenticator, knock: Knock): Promise<ExportError> {
  const error = await authenticator.authenticate(knock, signal).catch((thrown: unknown) => thrown);
  if (!ExportError.is(error)) throw new Error(`it was let in: ${JSON.stringify(error)}`);
  return error;
}

describe("bearer and acceptBearer", () => {
  const accept = acceptBearer([
    { name: "shop", token: "one", tenant: "blue" },
    { name: "shop", token: secret("two") },
    { name: "bank", token: { get: async () => secret("three") } },
  ]);

  it.each([
    ["one", { name: "shop", method: "bearer", tenant: "blue" }],
    ["two", { name: "shop", method: "bearer" }],
    ["three", { name: "bank", method: "bearer" }],
  ])("tell who shows the token %s", async (token, caller) => {
    expect(await accept.authenticate(await knockWith(bearer(token)), signal)).toEqual(caller);
  });

  it("refuse other tokens and none, and say no more than that", async () => {
    for (const knock of [
      nobody,
      await knockWith(bearer("canary")),
      await knockWith(bearer("one", { scheme: "Token" })),
    ]) {
      const error = await refusal(accept, knock);
      expect(error).toMatchObject({ code: "unauthenticated", message: "the credentials are missing or not accepted" });
      expect(String(error.cause)).not.toContain("canary");
    }
  });

  it("use a token that has changed at the next attempt", async () => {
    let now = "old";
    const provider = bearer({ get: async () => secret(now) });
    await refusal(acceptBearer([{ name: "a", token: "new" }]), await knockWith(provider));
    now = "new";
    await acceptBearer([{ name: "a", token: "new" }]).authenticate(await knockWith(provider), signal);
  });

  it("look a token up once a second, and at once when it does not fit, and keep nobody out for another's", async () => {
    let [nowMs, looks, token] = [0, 0, "one"];
    const source = {
      get: async () => {
        looks++;
        return secret(token);
      },
    };
    const missing = { get: () => Promise.reject(new ExportError("unavailable", "cannot read /run/canary (ENOENT)")) };
    const owners = [
      { name: "lost", token: missing },
      { name: "shop", token: source },
    ];
    const acceptor = acceptBearer(owners, { now: () => nowMs });
    const [one, two] = await Promise.all(["one", "two"].map((text) => knockWith(bearer(text))));
    for (let request = 0; request < 20; request++) await acceptor.authenticate(one!, signal);
    expect(looks).toBe(1);
    token = "two";
    await acceptor.authenticate(two!, signal);
    expect(looks).toBe(2);
    // It might be the one that is missing, so it may come again; and is not told what is.
    expect(await refusal(acceptor, one!)).toMatchObject({
      code: "unavailable",
      message: expect.not.stringContaining("/"),
    });
    token = "three";
    await acceptor.authenticate(two!, signal);
    nowMs = 1000;
    await refusal(acceptor, two!);
  });

  it("take a key that stands alone in a header of its own", async () => {
    const keys = acceptBearer([{ name: "shop", token: "key" }], { header: "X-API-Key", scheme: "" });
    expect(await keys.authenticate(await knockWith(apiKey("X-Api-Key", "key")), signal)).toMatchObject({
      name: "shop",
    });
  });
});

describe("basic and acceptBasic", () => {
  it.each<[string, () => string | Promise<string>]>([
    ["as it is", () => "grüße:100%:x"],
    ["hashed with bcrypt", async () => (await hash("grüße:100%:x", 4)).replace(/^\$2b\$/u, "$2y$")],
    ["hashed with SHA-1", () => `{SHA}${createHash("sha1").update("grüße:100%:x").digest("base64")}`],
  ])("tell who has a password that stands there %s", async (_, stored) => {
    const accept = acceptBasic(`# remark\n\nother:x\nälice:${await stored()}\r\n`);
    const knock = await knockWith(basic("älice", secret("grüße:100%:x")));
    expect(await accept.authenticate(knock, signal)).toEqual({ name: "älice", method: "basic" });
    expect(await accept.authenticate(knock, signal)).toEqual({ name: "älice", method: "basic" });
    await refusal(accept, await knockWith(basic("älice", "wrong")));
    await refusal(accept, await knockWith(basic("nobody", "")));
  });

  it("forget a good password when the users have changed", async () => {
    let users = "alice:one";
    let nowMs = 0;
    const accept = acceptBasic({ get: async () => secret(users) }, { now: () => nowMs });
    const knock = await knockWith(basic("alice", "one"));
    await accept.authenticate(knock, signal);
    users = "alice:two";
    // The new one at once, and the old one no longer after that, or after a second.
    await accept.authenticate(await knockWith(basic("alice", "two")), signal);
    await refusal(accept, knock);
    users = "bob:one";
    nowMs += 1000;
    await refusal(accept, knock);
  });

  it.each([
    ["no colon", "canary", /line 1 of the users/],
    ["another kind of hash", "alice:$apr1$x$canary", /\$apr1\$ are not known; make them with: htpasswd -B/],
  ])("say what is wrong with users that have %s", async (_, users, message) => {
    const error = await refusal(acceptBasic(users), await knockWith(basic("alice", "one")));
    // Nobody's fault who knocks, so it may be tried again; and what is wrong is for our own log.
    expect(error).toMatchObject({
      code: "unavailable",
      retryable: true,
      message: "the credentials can't be checked now; try again",
    });
    expect(String(error.cause)).toMatch(message);
    expect(String(error.cause)).not.toContain("canary");
  });

  it.each(["Basic", "Basic ", "Basic YQ==", "Basic !!!!", "Bearer YTpi"])("refuse %j", async (authorization) => {
    expect((await refusal(acceptBasic("a:b"), { headers: { authorization }, address: "" })).code).toBe(
      "unauthenticated",
    );
  });

  it("refuse a user whose name has a colon, before anything is sent", () => {
    expect(() => basic("a:b", "c")).toThrow("can't have a colon");
  });
});

describe("acceptCertificate", () => {
  const shown = (names: Partial<CallerCertificate>): Knock => ({
    headers: {},
    address: "",
    certificate: { uris: [], dnsNames: [], fingerprint256: "AB:CD", notAfterMs: 0, ...names },
  });

  it.each<[string, Parameters<typeof acceptCertificate>[0], Partial<CallerCertificate>, string]>([
    ["any that TLS has verified", {}, { dnsNames: ["a.example", "b.example"] }, "a.example"],
    ["a SPIFFE id rather than a DNS name", {}, { uris: ["spiffe://x/shop"], dnsNames: ["a"] }, "spiffe://x/shop"],
    [
      "a SPIFFE id by pattern",
      { names: ["spiffe://x/ns/*/sa/otlp"] },
      { uris: ["spiffe://x/ns/shop/sa/otlp"] },
      "spiffe://x/ns/shop/sa/otlp",
    ],
    [
      "a DNS name by pattern",
      { names: ["*.Clients.example"] },
      { dnsNames: ["a.clients.example"] },
      "a.clients.example",
    ],
    ["a fingerprint", { names: ["none"], fingerprints: ["abcd"] }, { dnsNames: ["a"] }, "a"],
  ])("lets in %s", async (_, options, names, name) => {
    expect(await acceptCertificate(options).authenticate(shown(names), signal)).toEqual({ name, method: "mtls" });
  });

  it.each<[string, Parameters<typeof acceptCertificate>[0], Knock]>([
    ["who showed none", {}, nobody],
    ["one without a name", {}, shown({})],
    ["another name", { names: ["a.example"] }, shown({ dnsNames: ["aXexample"] })],
    ["a part more than the pattern has", { names: ["*.example"] }, shown({ dnsNames: ["a.b.example"] })],
    ["another path", { names: ["spiffe://x/*"] }, shown({ uris: ["spiffe://x/a/b"] })],
    ["two URIs, of which one is a SPIFFE id", {}, shown({ uris: ["spiffe://x/a", "https://x"] })],
    ["another fingerprint", { fingerprints: ["ab"] }, shown({ dnsNames: ["a"] })],
  ])("refuses %s", async (_, options, knock) => {
    expect((await refusal(acceptCertificate(options), knock)).code).toBe("unauthenticated");
  });

  it("makes a tenant of the name", async () => {
    const accept = acceptCertificate({ tenantOf: (name) => name.split("/")[4] });
    const knock = shown({ uris: ["spiffe://x/ns/shop/sa/otlp"] });
    expect(await accept.authenticate(knock, signal)).toMatchObject({ tenant: "shop" });
  });
});

describe("anyOf", () => {
  const away: Authenticator = {
    name: "away",
    authenticate: () => Promise.reject(new ExportError("unavailable", "the keys can't be had")),
  };

  it("lets in whoever one of them lets in", async () => {
    const accept = anyOf(acceptBearer([{ name: "a", token: "t" }]), acceptBasic("b:p"));
    expect(await accept.authenticate(await knockWith(bearer("t")), signal)).toMatchObject({ name: "a" });
    expect(await accept.authenticate(await knockWith(basic("b", "p")), signal)).toMatchObject({ name: "b" });
    const error = await refusal(accept, nobody);
    expect(error.code).toBe("unauthenticated");
    expect(String(error.cause)).toContain("; ");
  });

  it("says to come again rather than to go when one of them can't tell now", async () => {
    expect((await refusal(anyOf(acceptBasic("b:p"), away), nobody)).code).toBe("unavailable");
  });
});

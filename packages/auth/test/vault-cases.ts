// What must hold between our client and a Vault, whichever it is: the fake in memory or a real server.
import { ExportError } from "@otlpkit/core";
import { createServer } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { testAuthority } from "@otlpkit/testkit/node";
import { encryption, keyRing, secretKeyRing, transitKey } from "../src/encryption/index.ts";
import {
  appRole,
  file,
  kubernetes,
  type SecretSource,
  type Secrets,
  vault,
  type Vault,
  type VaultLogin,
  type VaultOptions,
  vaultToken,
} from "../src/secrets/index.ts";

/** A Vault to run the cases against. */
export interface VaultUnderTest {
  readonly url: string;
  readonly rootToken: string;
  /** Lets time pass, for the server and for our clients. */
  pass(ms: number): Promise<void>;
  /** The time of our clients. */
  readonly clock?: Pick<VaultOptions, "now" | "setTimer">;
  /** Makes it refuse everything with 503. Absent: cannot be undone on this one. */
  seal?(sealed: boolean): void;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: any;
}

/** Runs all cases against what `start` starts. */
export function vaultCases(start: () => Promise<VaultUnderTest>): void {
  let server: VaultUnderTest;
  let unique = 0;
  const open: Vault[] = [];
  const endings: (() => void)[] = [];

  beforeAll(async () => {
    server = await start();
    await admin("POST", "sys/mounts/kv", { type: "kv", options: { version: "2" } });
    await admin("POST", "sys/mounts/old/kv", { type: "kv", options: { version: "1" } });
    await admin("POST", "sys/mounts/transit", { type: "transit" });
    await admin("POST", "sys/auth/approle", { type: "approle" });
    await admin("POST", "sys/policies/acl/shop", {
      policy: ["kv/data/shop/*", "old/kv/shop/*", "rabbitmq/creds/*", "transit/encrypt/otlp", "transit/decrypt/otlp"]
        .map((path) => `path "${path}" { capabilities = ["read", "update"] }`)
        .join("\n"),
    });
    await put("shop/db", { user: "shop", password: "p1", port: 5432, value: "the value" });
  });
  afterEach(async () => {
    for (const end of endings.splice(0)) end();
    await Promise.all(open.splice(0).map((client) => client.close()));
  });
  afterAll(() => server.close());

  async function ask(method: string, path: string, token: string, body?: object, headers = {}): Promise<Answer> {
    const response = await fetch(`${server.url}/v1/${path}`, {
      method,
      headers: { "x-vault-token": token, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
  }

  async function admin(method: string, path: string, body?: object, headers = {}): Promise<Answer["body"]> {
    const answer = await ask(method, path, server.rootToken, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  const put = (path: string, data: object): Promise<unknown> => admin("POST", `kv/data/${path}`, { data });
  const tokensAlive = async (): Promise<number> =>
    (await admin("GET", "auth/token/accessors?list=true")).data.keys.length as number;

  async function leasesAlive(): Promise<readonly string[]> {
    const { status, body } = await ask("GET", "sys/leases/lookup/rabbitmq/creds/shop?list=true", server.rootToken);
    return status === 404 ? [] : (body.data.keys as string[]);
  }

  function client(login: VaultLogin, options: Partial<VaultOptions> = {}): Vault {
    const made = vault({ url: server.url, login, retryForMs: 0, ...server.clock, ...options });
    open.push(made);
    return made;
  }

  /** Tokens that live for so long are given out to the login that comes back. */
  async function role(settings: object = {}): Promise<{ login: VaultLogin; roleId: string; path: string }> {
    const path = `auth/approle/role/r${++unique}`;
    await admin("POST", path, { token_policies: "shop", token_ttl: "600s", ...settings });
    const roleId = (await admin("GET", `${path}/role-id`)).data.role_id as string;
    const secretId = (await admin("POST", `${path}/secret-id`)).data.secret_id as string;
    return { login: appRole({ roleId, secretId }), roleId, path };
  }

  const tokenOf = async (settings: object = {}): Promise<string> =>
    (await admin("POST", "auth/token/create", { policies: ["shop"], ttl: "600s", ...settings })).auth
      .client_token as string;

  const text = async (source: SecretSource): Promise<string> => (await source.get()).reveal();
  const texts = async (source: SecretSource<Secrets>): Promise<Record<string, string>> =>
    Object.fromEntries(Object.entries(await source.get()).map(([name, value]) => [name, value.reveal()]));
  const problem = async (source: SecretSource<unknown>): Promise<ExportError> => {
    const error = await source.get().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (ExportError.is(error)) return error;
    throw new Error("nothing was refused", { cause: error });
  };
  const changes = <Value>(source: SecretSource<Value>): AsyncIterator<Value> => {
    const stop = new AbortController();
    endings.push(() => stop.abort());
    return source.watch(stop.signal)[Symbol.asyncIterator]();
  };

  describe("secrets of the key-value engine", () => {
    it("are read by the path that people write, from both versions of the engine", async () => {
      await admin("POST", "old/kv/shop/db", { value: "from version 1" });
      const shop = client(vaultToken(await tokenOf()));
      expect(await text(shop.secret("kv/shop/db"))).toBe("the value");
      expect(await text(shop.secret("/kv/shop/db", { field: "password" }))).toBe("p1");
      expect(await text(shop.secret("old/kv/shop/db"))).toBe("from version 1");
      expect(await texts(shop.secrets("kv/shop/db"))).toEqual({
        user: "shop",
        password: "p1",
        port: "5432",
        value: "the value",
      });
    });

    it("are read without asking where the engine is, if that is said", async () => {
      const shop = client(vaultToken(await tokenOf()));
      const mount = { path: "kv", version: 2 } as const;
      expect(await text(shop.secret("kv/shop/db", { mount }))).toBe("the value");
      expect(await problem(shop.secret("other/shop/db", { mount }))).toMatchObject({ code: "invalid" });
    });

    it("may have names that have to be escaped", async () => {
      await put("shop/ein%20schöner%23Name", { value: "x" });
      expect(await text(client(vaultToken(await tokenOf())).secret("kv/shop/ein schöner#Name"))).toBe("x");
    });

    it("are said not to be there when they are not, or were deleted, or have no such entry", async () => {
      await put("shop/deleted", { value: "x" });
      await admin("DELETE", "kv/data/shop/deleted");
      const shop = client(vaultToken(await tokenOf()));
      for (const path of ["kv/shop/none", "kv/shop/deleted"]) {
        const error = await problem(shop.secret(path));
        expect(error).toMatchObject({ code: "invalid", retryable: false });
        expect(error.message).toContain("there is nothing there, or it was deleted");
      }
      expect((await problem(shop.secret("kv/shop/db", { field: "nope" }))).message).toContain('has no entry "nope"');
    });

    it("are not given to everybody, and a refusal costs no new token", async () => {
      const { login } = await role();
      const shop = client(login);
      await put("bank/db", { value: "x" });
      const mount = { path: "kv", version: 2 } as const;
      expect(await text(shop.secret("kv/shop/db"))).toBe("the value");
      const before = await tokensAlive();
      for (let time = 0; time < 3; time++) {
        expect(await problem(shop.secret("kv/bank/db", { mount }))).toMatchObject({
          code: "forbidden",
          retryable: false,
        });
      }
      expect(await tokensAlive()).toBe(before);
    });

    it("are asked for again after a while, and changes are told", async () => {
      await put("shop/turning", { value: "one" });
      const source = client(vaultToken(await tokenOf()), { pollMs: 1_000 }).secret("kv/shop/turning");
      const values = changes(source);
      expect(((await values.next()).value as { reveal(): string }).reveal()).toBe("one");
      const second = values.next();
      await put("shop/turning", { value: "two" });
      await server.pass(1_500);
      expect(((await second).value as { reveal(): string }).reveal()).toBe("two");
      expect(await text(source)).toBe("two");
    });

    it("are no longer watched when the client is closed", async () => {
      const shop = client(vaultToken(await tokenOf()));
      const values = [shop.secret("kv/shop/db"), shop.secrets("kv/shop/db")].map((source) => changes<unknown>(source));
      for (const each of values) expect((await each.next()).done).toBe(false);
      const last = values.map((each) => each.next());
      await shop.close();
      for (const each of last) expect((await each).done).toBe(true);
    });

    it("are those of the namespace that was named", async () => {
      const space = `team${++unique}`;
      const inside = { "x-vault-namespace": space };
      await admin("POST", `sys/namespaces/${space}`);
      await admin("POST", "sys/mounts/kv", { type: "kv", options: { version: "2" } }, inside);
      await admin("POST", "kv/data/shop/db", { data: { value: "of the team" } }, inside);
      const team = client(vaultToken(server.rootToken), { namespace: space });
      expect(await text(team.secret("kv/shop/db"))).toBe("of the team");
      const nobody = client(vaultToken(server.rootToken), { namespace: "none" });
      await expect(nobody.secret("kv/shop/db").get()).rejects.toBeInstanceOf(ExportError);
    });
  });

  describe("logins", () => {
    it("by a token that is no good say so", async () => {
      for (const token of ["s.nonsense", await tokenOf({ ttl: "1s" })]) {
        await server.pass(1_500);
        const error = await problem(client(vaultToken(token)).secret("kv/shop/db"));
        expect(error).toMatchObject({ code: "unauthenticated", retryable: false });
        expect(error.message).toContain("does not accept the token login");
      }
    });

    it("by AppRole happen once for all who wait", async () => {
      const { login } = await role();
      const before = await tokensAlive();
      const shop = client(login);
      const all = await Promise.all(Array.from({ length: 20 }, () => text(shop.secret("kv/shop/db"))));
      expect(new Set(all)).toEqual(new Set(["the value"]));
      expect(await tokensAlive()).toBe(before + 1);
    });

    it("by AppRole with a wrong secret id, role or mount say so", async () => {
      const { roleId } = await role();
      const wrong = [
        appRole({ roleId, secretId: "nonsense" }),
        appRole({ roleId: "nonsense", secretId: "nonsense" }),
        appRole({ roleId, secretId: "nonsense", mount: "none" }),
      ];
      for (const login of wrong) {
        const error = await problem(client(login).secret("kv/shop/db"));
        expect(error, error.message).toMatchObject({ code: "unauthenticated", retryable: false });
        expect(error.message).toContain("does not accept the AppRole login");
      }
    });

    it("by AppRole unwrap a wrapped secret id, and know when somebody was faster", async () => {
      const { roleId, path } = await role();
      const wrap = async (): Promise<string> =>
        (await admin("POST", `${path}/secret-id`, {}, { "x-vault-wrap-ttl": "60s" })).wrap_info.token as string;
      const good = client(appRole({ roleId, secretId: await wrap(), wrapped: true }));
      expect(await text(good.secret("kv/shop/db"))).toBe("the value");
      const stolen = await wrap();
      expect((await ask("POST", "sys/wrapping/unwrap", stolen)).status).toBe(200);
      const late = client(appRole({ roleId, secretId: stolen, wrapped: true }));
      const error = await problem(late.secret("kv/shop/db"));
      expect(error.code).toBe("unauthenticated");
      expect(error.message).toContain("was used before; if it was not you, somebody else has the secret id");
    });

    it("by AppRole do not unwrap what was not made as a secret id", async () => {
      const { roleId } = await role();
      const wrapped = await admin("GET", "kv/data/shop/db", undefined, { "x-vault-wrap-ttl": "60s" });
      const token = wrapped.wrap_info.token as string;
      const shop = client(appRole({ roleId, secretId: token, wrapped: true }));
      expect(await problem(shop.secret("kv/shop/db"))).toMatchObject({ code: "unauthenticated" });
      expect((await ask("POST", "sys/wrapping/unwrap", token)).status).toBe(200);
    });

    it("by AppRole go on with a secret id that was unwrapped once", async () => {
      const { roleId, path } = await role({ token_ttl: "4s", token_max_ttl: "4s" });
      const wrapped = await admin("POST", `${path}/secret-id`, {}, { "x-vault-wrap-ttl": "60s" });
      const shop = client(appRole({ roleId, secretId: wrapped.wrap_info.token as string, wrapped: true }), {
        pollMs: 1,
      });
      const source = shop.secret("kv/shop/db");
      for (let round = 0; round < 4; round++) {
        expect(await text(source)).toBe("the value");
        await server.pass(2_000);
      }
    });

    it("by Kubernetes read the service account's token anew each time", async () => {
      const review = await tokenReview();
      endings.push(() => review.close());
      const folder = mkdtempSync(join(tmpdir(), "otlpkit-vault-"));
      endings.push(() => rmSync(folder, { recursive: true }));
      const mount = `kubernetes${++unique}`;
      await admin("POST", `sys/auth/${mount}`, { type: "kubernetes" });
      await admin("POST", `auth/${mount}/config`, {
        kubernetes_host: review.url,
        kubernetes_ca_cert: testAuthority,
        token_reviewer_jwt: jwt("reviewer"),
        disable_local_ca_jwt: true,
      });
      await admin("POST", `auth/${mount}/role/relay`, {
        bound_service_account_names: "relay",
        bound_service_account_namespaces: "shop",
        audience: "vault",
        token_policies: "shop",
        token_ttl: "4s",
        token_max_ttl: "4s",
      });
      const path = join(folder, "token");
      writeFileSync(path, jwt("relay", 1));
      const pod = client(kubernetes({ role: "relay", jwt: file(path), mount }), { pollMs: 1 });
      const source = pod.secret("kv/shop/db");
      expect(await text(source)).toBe("the value");
      writeFileSync(path, jwt("relay", 2));
      await server.pass(5_000);
      expect(await text(source)).toBe("the value");
      expect(review.seen).toEqual(expect.arrayContaining([jwt("relay", 1), jwt("relay", 2)]));
      writeFileSync(path, jwt("thief"));
      const thief = client(kubernetes({ role: "relay", jwt: file(path), mount }));
      expect(await problem(thief.secret("kv/shop/db"))).toMatchObject({ code: "unauthenticated" });
    });
  });

  describe("a token", () => {
    it("is renewed, and replaced when it has reached its longest life, and nobody notices", async () => {
      const errors: ExportError[] = [];
      const { login } = await role({ token_ttl: "4s", token_max_ttl: "7s" });
      const shop = client(login, { pollMs: 1, onError: (error) => errors.push(error) });
      const source = shop.secret("kv/shop/db");
      for (let round = 0; round < 20; round++) {
        expect(await text(source)).toBe("the value");
        await server.pass(700);
      }
      expect(errors).toEqual([]);
    });

    it("is got anew when it was revoked", async () => {
      const { login } = await role();
      const source = client(login, { pollMs: 0 }).secret("kv/shop/db");
      const before = new Set((await admin("GET", "auth/token/accessors?list=true")).data.keys as string[]);
      await text(source);
      const now = (await admin("GET", "auth/token/accessors?list=true")).data.keys as string[];
      const ours = now.find((accessor) => !before.has(accessor));
      await admin("POST", "auth/token/revoke-accessor", { accessor: ours });
      expect(await text(source)).toBe("the value");
    });

    it("that we got is given back at the end, and one that was given to us is not", async () => {
      const { login } = await role();
      const before = await tokensAlive();
      const shop = client(login);
      await text(shop.secret("kv/shop/db"));
      expect(await tokensAlive()).toBe(before + 1);
      await shop.close();
      await shop.close();
      expect(await tokensAlive()).toBe(before);
      const given = await tokenOf();
      const other = client(vaultToken(given));
      await text(other.secret("kv/shop/db"));
      await other.close();
      expect((await ask("GET", "auth/token/lookup-self", given)).status).toBe(200);
      expect(await problem(other.secret("kv/shop/db"))).toMatchObject({ code: "closed" });
    });
  });

  describe("leased secrets", () => {
    let broker: Awaited<ReturnType<typeof tokenReview>>;
    beforeAll(async () => {
      broker = await tokenReview();
      await admin("POST", "sys/mounts/rabbitmq", { type: "rabbitmq" });
      await admin("POST", "rabbitmq/config/connection", {
        connection_uri: broker.url,
        username: "admin",
        password: "admin",
        verify_connection: false,
      });
      await admin("POST", "rabbitmq/config/lease", { ttl: 4, max_ttl: 7 });
      await admin("POST", "rabbitmq/roles/shop", { tags: "management" });
    });
    afterAll(() => broker.close());

    it("stay while their lease can be renewed, and are followed by others when it cannot", async () => {
      const { login } = await role();
      const source = client(login).leased("rabbitmq/creds/shop");
      const values = changes(source);
      const first = (await values.next()).value as Secrets;
      expect(Object.keys(first).toSorted()).toEqual(["password", "username"]);
      const second = values.next();
      await server.pass(3_500);
      expect((await source.get())["username"]?.equals(first["username"]!)).toBe(true);
      await server.pass(4_500);
      const next = (await second).value as Secrets;
      expect(next["username"]?.equals(first["username"]!)).toBe(false);
      expect((await source.get())["username"]?.equals(next["username"]!)).toBe(true);
    });

    it("are one pair for all who ask, and are given back at the end", async () => {
      const before = await leasesAlive();
      const shop = client((await role()).login);
      const source = shop.leased("rabbitmq/creds/shop");
      const names = await Promise.all(Array.from({ length: 5 }, async () => (await texts(source))["username"]));
      expect(new Set(names).size).toBe(1);
      const made = (await leasesAlive()).filter((id) => !before.includes(id));
      expect(made).toHaveLength(1);
      await shop.close();
      expect(await problem(source)).toMatchObject({ code: "closed" });
      // A real one takes back what a token has leased a moment after the token; by itself the lease would end later.
      for (let turn = 0; turn < 20 && (await leasesAlive()).includes(made[0]!); turn++) await server.pass(100);
      expect(await leasesAlive()).not.toContain(made[0]);
    });

    it("stay while the token is the same, also when that is looked at again", async () => {
      const shop = client(vaultToken(await tokenOf({ ttl: "3s", renewable: false })));
      const source = shop.leased("rabbitmq/creds/shop");
      const before = await texts(source);
      await server.pass(2_500);
      expect(await texts(source)).toEqual(before);
    });

    it("are followed by others when the token is another, with which they would have ended", async () => {
      const { login } = await role({ token_ttl: "4s", token_max_ttl: "4s" });
      const shop = client(login);
      const source = shop.leased("rabbitmq/creds/shop");
      const before = await texts(source);
      await server.pass(4_500);
      expect((await texts(source))["username"]).not.toBe(before["username"]);
    });
  });

  describe("the transit engine", () => {
    it("encrypts and decrypts what is bound to the same bytes", async () => {
      await admin("POST", "transit/keys/otlp", {});
      const key = client(vaultToken(await tokenOf())).transit("otlp");
      const encrypted = await key.encrypt(Buffer.from("a data key"), Buffer.from("bound"));
      expect(Buffer.from(await key.decrypt(encrypted, Buffer.from("bound"))).toString()).toBe("a data key");
      await expect(key.decrypt(encrypted, Buffer.from("other"))).rejects.toMatchObject({ code: "invalid" });
    });
  });

  it("keeps the keys of files safe, in a key of the transit engine or among its secrets", async () => {
    await admin("POST", "transit/keys/otlp", {});
    await put("shop/keys", { current: "2026-11", "2026-11": Buffer.alloc(32, 7).toString("base64") });
    const shop = client(vaultToken(await tokenOf()));
    const rings = [
      keyRing({ current: transitKey("in-vault", shop.transit("otlp")) }),
      secretKeyRing(shop.secrets("kv/shop/keys")),
    ];
    for (const keys of rings) {
      const box = encryption({ keys });
      const file = await box.create("shop/1");
      const sealed = Buffer.concat(file.seal(0, [Buffer.from("a record")]));
      expect(Buffer.from((await box.open(file.header, "shop/1")).open(0, sealed)).toString()).toBe("a record");
      await expect(box.open(file.header, "shop/2")).rejects.toMatchObject({ code: "forbidden" });
    }
  });

  /** In place of an API server and of a RabbitMQ: both ask for little. */
  async function tokenReview(): Promise<{ url: string; seen: string[]; close(): void }> {
    const seen: string[] = [];
    const stub = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        if (!request.url?.includes("tokenreviews")) {
          response.writeHead(204).end();
          return;
        }
        const { token } = (JSON.parse(body) as { spec: { token: string } }).spec;
        seen.push(token);
        const name = (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sub: string })
          .sub;
        response.writeHead(201, { "content-type": "application/json" });
        response.end(
          JSON.stringify({
            status: { authenticated: true, audiences: ["vault"], user: { username: name, uid: "u-1" } },
          }),
        );
      });
    });
    await new Promise<void>((resolve) => void stub.listen(0, "127.0.0.1", resolve));
    const close = (): void => {
      stub.close();
      stub.closeAllConnections();
    };
    return { url: `http://127.0.0.1:${(stub.address() as AddressInfo).port}`, seen, close };
  }
}

/** A service account's token, as far as anybody here looks into it. */
function jwt(name: string, serial = 0): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    iss: "kubernetes/serviceaccount",
    aud: ["vault"],
    iat: 1_700_000_000,
    nbf: 1_700_000_000,
    exp: 4_000_000_000,
    jti: String(serial),
    sub: `system:serviceaccount:shop:${name}`,
    "kubernetes.io": { namespace: "shop", serviceaccount: { name, uid: "u-1" } },
  };
  return `${part({ alg: "RS256", kid: "k" })}.${part(claims)}.c2ln`;
}

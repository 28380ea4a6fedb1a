import type { ExportError } from "@otlpkit/core";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import {
  strangeAuthority,
  testAuthority,
  testClient,
  fakeVault,
  type FakeVault,
  type FakeVaultOptions,
} from "@otlpkit/testkit/node";
import { afterEach, describe, expect, it } from "vitest";
import { type SecretSource, vault, type VaultOptions, vaultToken } from "../index.ts";

const mount = { path: "kv", version: 2 } as const;
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** A Vault with one secret, and how it is asked: without waiting between attempts. */
async function shop(
  options: Partial<VaultOptions> = {},
  fakeOptions: FakeVaultOptions = {},
): Promise<{ fake: FakeVault; source: SecretSource; waits: number[] }> {
  const fake = await fakeVault(fakeOptions);
  endings.push(() => fake.close());
  const waits: number[] = [];
  const setTimer = (run: () => void, delayMs: number): (() => void) => {
    waits.push(delayMs);
    const timer = setTimeout(run, 0);
    return () => clearTimeout(timer);
  };
  const client = vault({
    url: fake.url,
    login: vaultToken(fake.rootToken),
    pollMs: 0,
    random: () => 1,
    setTimer,
    ...options,
  });
  endings.push(() => client.close());
  if (fakeOptions.socketPath === undefined && !fakeOptions.tls) await fill(fake);
  return { fake, source: client.secret("kv/a", { mount }), waits };
}

async function fill(fake: FakeVault): Promise<void> {
  const put = (path: string, body: object): Promise<unknown> =>
    fetch(`${fake.url}/v1/${path}`, {
      method: "POST",
      headers: { "x-vault-token": fake.rootToken },
      body: JSON.stringify(body),
    });
  await put("sys/mounts/kv", { type: "kv", options: { version: "2" } });
  await put("kv/data/a", { data: { value: "the value" } });
}

async function problem(work: Promise<unknown>): Promise<ExportError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeDefined();
  return error as ExportError;
}

const data = /^kv\/data/;

describe("vault", () => {
  it.each([412, 429, 472, 473, 500, 502, 503])("asks again when the answer is %d", async (status) => {
    const { fake, source, waits } = await shop();
    fake.fail({ path: data, times: 3, answer: { status } });
    expect((await source.get()).reveal()).toBe("the value");
    expect(waits.filter((ms) => ms < 10_000)).toEqual([100, 200, 400]);
  });

  it("asks again when the connection breaks", async () => {
    const { fake, source } = await shop();
    fake.fail({ path: data, times: 2, answer: "reset" });
    expect((await source.get()).reveal()).toBe("the value");
  });

  it("waits as long as it is told to, and not longer than it may", async () => {
    const { fake, source, waits } = await shop({ retryForMs: 5_000 });
    fake.fail({ path: data, answer: { status: 429, headers: { "retry-after": "3" } } });
    expect((await source.get()).reveal()).toBe("the value");
    expect(waits).toContain(3_000);
    fake.fail({ path: data, answer: { status: 429, headers: { "retry-after": "60" } } });
    const other = await shop({ retryForMs: 5_000 });
    other.fake.fail({ path: data, answer: { status: 429, headers: { "retry-after": "60" } } });
    expect(await problem(other.source.get())).toMatchObject({ code: "overloaded", retryAfterMs: 60_000 });
  });

  it.each([400, 401, 403, 404, 405, 418])("does not ask again when the answer is %d", async (status) => {
    const { fake, source } = await shop();
    await source.get();
    const before = fake.questions.filter(({ path }) => data.test(path)).length;
    fake.fail({ path: data, times: 9, answer: { status } });
    expect((await problem(source.get())).retryable).toBe(false);
    expect(fake.questions.filter(({ path }) => data.test(path)).length).toBe(before + 1);
  });

  it("serves what it knows while Vault is sealed, and says so, and a first answer has to be real", async () => {
    const errors: ExportError[] = [];
    const { fake, source } = await shop({ retryForMs: 0, onError: (error) => errors.push(error) });
    fake.sealed = true;
    expect(await problem(source.get())).toMatchObject({ code: "unavailable", retryable: true });
    fake.sealed = false;
    await until(async () => (await source.get().catch(() => undefined)) !== undefined);
    fake.sealed = true;
    expect((await source.get()).reveal()).toBe("the value");
    expect(errors.at(-1)).toMatchObject({ code: "unavailable" });
    expect(errors.at(-1)?.message).toContain("Vault is sealed or in maintenance");
  });

  it("does not log in again and again while logging in fails", async () => {
    let nowMs = 0;
    const { fake, source } = await shop({ login: vaultToken("s.wrong"), now: () => nowMs });
    const logins = (): number => fake.questions.filter(({ path }) => path === "auth/token/lookup-self").length;
    for (let time = 0; time < 50; time++) await problem(source.get());
    expect(logins()).toBe(1);
    nowMs += 1_000;
    for (let time = 0; time < 50; time++) await problem(source.get());
    expect(logins()).toBe(2);
    nowMs += 1_000;
    await problem(source.get());
    expect(logins()).toBe(2);
  });

  it("says what it was told last of the state of the cluster", async () => {
    const { fake, source } = await shop();
    fake.fail({
      path: /lookup-self/,
      answer: { status: 200, headers: { "x-vault-index": "abc" }, body: '{"data":{"ttl":0}}' },
    });
    await source.get();
    expect(fake.questions.at(-1)?.headers["x-vault-index"]).toBe("abc");
  });

  describe("does not hand the token", () => {
    const redirect = (to: string): { status: number; headers: Record<string, string> } => ({
      status: 307,
      headers: { location: to },
    });

    it("to another origin, whatever the redirect says", async () => {
      const thief = await fakeVault();
      endings.push(() => thief.close());
      const places = [
        `${thief.url}/v1/kv/data/a`,
        thief.url.replace("127.0.0.1", "localhost"),
        `//${new URL(thief.url).host}/v1/kv/data/a`,
        "https://vault.example/v1/kv/data/a",
        "http://user:password@127.0.0.1:1/",
        "file:///etc/passwd",
        "https://[",
      ];
      for (const place of places) {
        const { fake, source } = await shop();
        fake.fail({ path: data, answer: redirect(place) });
        const error = await problem(source.get());
        expect(error, place).toMatchObject({ code: "forbidden", retryable: false });
        expect(error.message).toContain("the token is not sent to another place unasked");
        expect(error.message).not.toContain("password");
      }
      expect(thief.questions).toEqual([]);
    });

    it("but follows to the same one, and to those that were named", async () => {
      const leader = await fakeVault();
      endings.push(() => leader.close());
      await fill(leader);
      const { fake, source } = await shop({ redirectTo: [leader.url], login: vaultToken("s.x") });
      fake.fail({ path: /lookup/, answer: { status: 200, body: '{"data":{"ttl":0}}' } });
      fake.fail({ path: data, answer: redirect(`${leader.url}/v1/kv/data/a`) });
      // The leader knows no such token; that it was asked is what counts.
      await problem(source.get());
      expect(leader.questions.map(({ token }) => token)).toContain("s.x");
      const same = await shop();
      same.fake.fail({ path: data, answer: redirect("/v1/kv/data/a") });
      expect((await same.source.get()).reveal()).toBe("the value");
    });

    it("round in circles", async () => {
      const { fake, source } = await shop({ retryForMs: 0 });
      fake.fail({ path: data, times: 99, answer: redirect("/v1/kv/data/a") });
      expect((await problem(source.get())).message).toContain("sends us round in a circle");
      expect(fake.questions.filter(({ method, path }) => method === "GET" && data.test(path))).toHaveLength(4);
    });
  });

  it("takes no end of an answer, and waits for none for ever", async () => {
    const long = await shop({ retryForMs: 0, maxBytes: 100_000 });
    long.fake.fail({ path: data, answer: "endless" });
    expect(await problem(long.source.get())).toMatchObject({ code: "bad-response" });
    const silent = await shop({ retryForMs: 0, timeoutMs: 50 });
    await silent.source.get();
    silent.fake.fail({ path: data, answer: "hang" });
    const source = silent.source;
    expect((await source.get()).reveal()).toBe("the value");
    const fresh = await shop({ retryForMs: 0, timeoutMs: 50 });
    fresh.fake.fail({ path: data, answer: "hang" });
    expect(await problem(fresh.source.get())).toMatchObject({ code: "timeout", retryable: true });
  });

  it("gives up when it is told to, and leaves the answer to the others", async () => {
    const { fake, source } = await shop({ timeoutMs: 2_000, retryForMs: 0 });
    fake.fail({ path: /lookup/, answer: { status: 200, body: '{"data":{"ttl":0}}' } });
    const stop = new AbortController();
    const mine = source.get(stop.signal);
    const theirs = source.get();
    stop.abort();
    expect(await problem(mine)).toMatchObject({ code: "cancelled" });
    expect((await theirs).reveal()).toBe("the value");
  });

  it.each([
    ["no JSON", "<html>hunter2</html>"],
    ["another JSON", '["hunter2"]'],
    ["no data", '{"data":"hunter2"}'],
    ["nothing", ""],
  ])("does not quote an answer that is %s", async (_, body) => {
    const { fake, source } = await shop({ retryForMs: 0 });
    fake.fail({ path: data, answer: { status: 200, body } });
    const error = await problem(source.get());
    expect(error.code).toBe("bad-response");
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2");
  });

  it("does not quote what is no HTTP either", async () => {
    const stub = createServer();
    stub.on("connection", (socket) => socket.end("HTTP/1.1 2x0 hunter2\r\n\r\n"));
    await new Promise<void>((resolve) => void stub.listen(0, "127.0.0.1", resolve));
    endings.push(() => stub.close());
    const url = `http://127.0.0.1:${(stub.address() as AddressInfo).port}`;
    const { source } = await shop({ url, retryForMs: 0 });
    const error = await problem(source.get());
    expect(error).toMatchObject({ code: "unavailable" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter2|68, ?75|68 75/);
  });

  describe("is reached", () => {
    it("over TLS, by authorities of our own, with a certificate of our own", async () => {
      const tls = { requireClientCertificate: true };
      const { cert, key } = testClient;
      const good = await shop({ ca: testAuthority, cert, key, retryForMs: 0 }, { tls });
      // There is no such mount, which only Vault itself can say.
      expect(await problem(good.source.get())).toMatchObject({ code: "invalid" });
      const strange = await shop({ ca: strangeAuthority, cert, key, retryForMs: 0 }, { tls });
      expect((await problem(strange.source.get())).message).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED|certificate/i);
      expect(strange.fake.questions).toEqual([]);
      const named = await shop({ ca: testAuthority, cert, key, serverName: "other.example", retryForMs: 0 }, { tls });
      expect((await problem(named.source.get())).message).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
      expect(named.fake.questions).toEqual([]);
    });

    it("over a Unix socket", async () => {
      const folder = mkdtempSync(join(tmpdir(), "otlpkit-vault-"));
      endings.push(() => rmSync(folder, { recursive: true }));
      const { source, fake } = await shop({ retryForMs: 0 }, { socketPath: join(folder, "agent.sock") });
      expect(await problem(source.get())).toMatchObject({ code: "invalid" });
      expect(fake.questions.map(({ path }) => path)).toEqual(["auth/token/lookup-self", "kv/data/a"]);
    });

    it.each([
      "http://vault.example:8200",
      "http://10.0.0.1",
      "ftp://vault.example",
      "https://user:hunter2@vault.example",
      "https://vault.example/?token=hunter2",
      "unix://",
      "vault.example:8200",
      "",
    ])("not at %s", (url) => {
      expect(() => vault({ url, login: vaultToken("t") })).toThrow(
        expect.objectContaining({ code: "rejected", message: expect.not.stringContaining("hunter2") as string }),
      );
    });

    it("in clear where that is allowed by name", async () => {
      await vault({ url: "http://vault.example:8200", login: vaultToken("t"), allowCleartext: true }).close();
      expect(() =>
        vault({ url: "https://vault.example", login: vaultToken("t"), redirectTo: ["http://vault-2.example"] }),
      ).toThrow(/in clear/);
    });
  });

  it("says where nobody answers", async () => {
    const { source } = await shop({ url: "http://127.0.0.1:9", retryForMs: 0 });
    const error = await problem(source.get());
    expect(error).toMatchObject({ code: "unavailable" });
    expect(error.message).toBe(
      "cannot reach Vault at http://127.0.0.1:9 (ECONNREFUSED); is it running, and is this its address?",
    );
  });

  it("is not asked for paths that lead elsewhere", async () => {
    const { fake, source } = await shop();
    await source.get();
    const before = fake.questions.length;
    const client = vault({ url: fake.url, login: vaultToken(fake.rootToken) });
    endings.push(() => client.close());
    for (const path of ["kv/../sys/seal", "kv//a", "", "kv/./a"]) {
      expect(await problem(client.secret(path, { mount }).get()), path).toMatchObject({ code: "invalid" });
    }
    expect(fake.questions.length).toBe(before);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

import { describe, expect, it } from "vitest";
import { authenticate } from "./authenticate.ts";
import { type Batch, protobufBatch } from "./batch.ts";
import type { CredentialProvider } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import { ExportError } from "./errors.ts";
import { accepted, type Sender } from "./sender.ts";

const endpoint: Endpoint = { url: "https://otlp.example" };
const batch: Batch = { ...protobufBatch("traces", new Uint8Array(), 0), headers: { "x-tenant": "shop" } };
const unauthenticated = new ExportError("unauthenticated", "HTTP 401");

/** Takes what carries the good token. */
function guarded(goodToken: () => string): { sender: Sender; tokens: string[]; batches: Batch[] } {
  const tokens: string[] = [];
  const batches: Batch[] = [];
  return {
    tokens,
    batches,
    sender: {
      async send(sent) {
        batches.push(sent);
        tokens.push(sent.headers["authorization"] ?? "none");
        if (sent.headers["authorization"] !== goodToken()) throw unauthenticated;
        return accepted;
      },
      async close() {},
    },
  };
}

/** Hands out token 1 until it is told that it was refused, then token 2, and so on. */
function renewing(): CredentialProvider & { readonly asked: number; readonly invalidated: Endpoint[] } {
  let token = 1;
  let asked = 0;
  const invalidated: Endpoint[] = [];
  return {
    get asked() {
      return asked;
    },
    invalidated,
    async headers() {
      asked++;
      return { Authorization: `token ${token}` };
    },
    invalidate(refusedBy) {
      invalidated.push(refusedBy);
      token++;
    },
  };
}

const fixed: CredentialProvider = { headers: async () => ({ authorization: "token 1" }) };

async function failureOf(promise: Promise<unknown>): Promise<ExportError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!ExportError.is(error)) throw new Error(`expected an ExportError, got ${String(error)}`);
  return error;
}

describe("authenticate", () => {
  it("adds the provider's headers to those of the batch, in lower case, and wins over them", async () => {
    const far = guarded(() => "token 1");
    const provider: CredentialProvider = {
      headers: async () => ({ Authorization: "token 1", "X-Tenant": "other" }),
    };
    expect(await authenticate(provider, endpoint)(far.sender).send(batch, {})).toBe(accepted);
    expect(far.batches[0]?.headers).toEqual({ authorization: "token 1", "x-tenant": "other" });
    expect(batch.headers).toEqual({ "x-tenant": "shop" });
  });

  it("asks for each attempt, with endpoint and batch", async () => {
    const seen: unknown[] = [];
    const provider: CredentialProvider = {
      async headers(...asked) {
        seen.push(...asked.slice(0, 2));
        return {};
      },
    };
    const sender = authenticate(provider, endpoint)({ send: async () => accepted, close: async () => {} });
    await sender.send(batch, {});
    await sender.send(batch, {});
    expect(seen).toEqual([endpoint, batch, endpoint, batch]);
  });

  it("renews what was refused, and sends once more", async () => {
    const far = guarded(() => "token 2");
    const provider = renewing();
    expect(await authenticate(provider, endpoint)(far.sender).send(batch, {})).toBe(accepted);
    expect(far.tokens).toEqual(["token 1", "token 2"]);
    expect(provider.invalidated).toEqual([endpoint]);
  });

  it("gives up when the new ones are refused as well", async () => {
    const far = guarded(() => "no such token");
    const error = await failureOf(authenticate(renewing(), endpoint)(far.sender).send(batch, {}));
    expect(error).toBe(unauthenticated);
    expect(far.tokens).toEqual(["token 1", "token 2"]);
  });

  it("does not send again with headers that are the same", async () => {
    const far = guarded(() => "no such token");
    expect(await failureOf(authenticate(fixed, endpoint)(far.sender).send(batch, {}))).toBe(unauthenticated);
    expect(far.tokens).toEqual(["token 1"]);
  });

  it("renews once for all that were refused together", async () => {
    const far = guarded(() => "token 2");
    const provider = renewing();
    const sender = authenticate(provider, endpoint)(far.sender);
    const sends = Array.from({ length: 8 }, () => sender.send(batch, {}));
    expect(new Set(await Promise.all(sends))).toEqual(new Set([accepted]));
    expect(provider.invalidated).toHaveLength(1);
    expect(far.tokens).toHaveLength(16);
  });

  it("does not let a renewal that hangs keep others from theirs", async () => {
    let asked = 0;
    const provider: CredentialProvider = {
      // The second question is the first renewal.
      headers: () => (++asked === 2 ? new Promise(() => {}) : Promise.resolve({ authorization: `token ${asked}` })),
    };
    const far = guarded(() => "token 4");
    const sender = authenticate(provider, endpoint)(far.sender);
    expect((await failureOf(sender.send(batch, { deadline: performance.now() + 20 }))).code).toBe("timeout");
    expect(await sender.send(batch, {})).toBe(accepted);
  });

  it("leaves every other error to those in front", async () => {
    const unavailable = new ExportError("unavailable", "HTTP 503");
    const provider = renewing();
    const sender = authenticate(provider, endpoint)({ send: () => Promise.reject(unavailable), close: async () => {} });
    expect(await failureOf(sender.send(batch, {}))).toBe(unavailable);
    expect([provider.asked, provider.invalidated]).toEqual([1, []]);
  });

  it("sends nothing without credentials, and lets the next attempt ask again", async () => {
    const far = guarded(() => "token 1");
    const provider: CredentialProvider = { headers: () => Promise.reject(new Error("no route to vault")) };
    const error = await failureOf(authenticate(provider, endpoint)(far.sender).send(batch, {}));
    expect([error.code, error.retryable]).toEqual(["unavailable", true]);
    expect(error.message).toContain("no credentials for https://otlp.example at the moment: no route to vault");
    expect(far.tokens).toEqual([]);
  });

  it("believes the provider's own word on whether another attempt makes sense", async () => {
    const refusal = new ExportError("forbidden", "the client is disabled");
    const provider: CredentialProvider = { headers: () => Promise.reject(refusal) };
    const { sender } = guarded(() => "");
    expect(await failureOf(authenticate(provider, endpoint)(sender).send(batch, {}))).toBe(refusal);
  });

  it("waits for credentials no longer than the attempt may take, and tells the provider", async () => {
    let told: AbortSignal | undefined;
    const silent: CredentialProvider = {
      headers(_endpoint, _batch, signal) {
        told = signal;
        return new Promise(() => {});
      },
    };
    const sender = authenticate(silent, endpoint)(guarded(() => "").sender);
    const late = await failureOf(sender.send(batch, { deadline: performance.now() + 10 }));
    expect([late.code, late.retryable, told?.aborted]).toEqual(["timeout", true, true]);
    const caller = new AbortController();
    const sending = failureOf(sender.send(batch, { signal: caller.signal, deadline: performance.now() + 60_000 }));
    caller.abort();
    expect((await sending).code).toBe("cancelled");
    expect(told?.aborted).toBe(true);
    expect((await failureOf(sender.send(batch, { signal: AbortSignal.abort() }))).code).toBe("cancelled");
  });

  it.each(["http://collector:4318", "http://10.0.0.1:4318", "http://localhost.example", "http://127.0.0.1.example/"])(
    "refuses to send credentials to %s in clear",
    (url) => {
      const make = () => authenticate(fixed, { url });
      expect(make).toThrow(ExportError);
      expect(make).toThrow(/in clear.*https:\/\//);
      expect(() => authenticate(fixed, { url }, { allowCleartext: true })).not.toThrow();
    },
  );

  it.each([
    "https://collector:4317",
    "http://localhost:4318",
    "http://127.0.0.1:4318",
    "http://127.1.2.3",
    "http://[::1]:4318/base",
    "unix:///run/otlp.sock",
    "collector:4317",
    "dns:///collector:4317",
  ])("sends credentials to %s", (url) => {
    expect(() => authenticate(fixed, { url })).not.toThrow();
  });

  it("takes an endpoint without a scheme for plain when told that it is", () => {
    const plain = { insecure: true };
    for (const url of [
      "collector:4317",
      "dns:///collector:4317",
      "dns://8.8.8.8/collector:4317",
      "ipv4:10.0.0.1:4317",
    ]) {
      expect(() => authenticate(fixed, { url }, plain)).toThrow(/in clear/);
    }
    for (const url of ["localhost:4317", "dns:///localhost", "ipv6:[::1]:4317", "[::1]:4317", "127.0.0.1:4317"]) {
      expect(() => authenticate(fixed, { url }, plain)).not.toThrow();
    }
  });

  it("does not show what the endpoint's URL may hold", () => {
    expect(() => authenticate(fixed, { url: "http://user:secret@collector?key=secret" })).toThrow(/^(?!.*secret)/);
  });
});

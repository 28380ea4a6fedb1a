// Who is asking, over what wire: the receivers and transports with what this package makes for them, over real sockets.
import {
  accepted,
  authenticate,
  type Authenticator,
  type CredentialProvider,
  ExportError,
  type Listening,
  pipe,
  type Receiver,
  type Registry,
  type Sender,
  type SendOptions,
  type Transport,
} from "@otlpkit/core";
import type { Live } from "@otlpkit/core";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { TLSSocket } from "node:tls";
import { roundRobin, route } from "@otlpkit/balancer";
import { recordingSender, seeded } from "@otlpkit/testkit";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { grpcJsReceiver, grpcJsTransport } from "@otlpkit/transport-grpc/grpc-js";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { httpTransport } from "@otlpkit/transport-http";
import { httpReceiver } from "@otlpkit/transport-http/server";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { acceptBasic, acceptBearer, acceptCertificate, anyOf, apiKey, basic, bearer } from "../src/index.ts";
import { acceptJwt, jwt, jwtKeys } from "../src/jwt/index.ts";
import { pinned, tlsPolicy, type TlsMaterial } from "../src/tls/index.ts";
import { type Authority, authority, type Issued } from "./certificates.ts";
import { rsaKeys } from "./authorization-server.ts";

const spans = seeded(1).traces({ items: 3 });
let root: Authority;
let server: Issued;
let client: Issued;
beforeAll(async () => {
  root = await authority();
  server = await root.issue({ names: ["DNS:localhost", "IP:127.0.0.1"] });
  client = await root.issue({ names: ["URI:spiffe://example/shop"] });
});

interface ServerSide {
  readonly authenticator?: Authenticator;
  readonly tls?: object;
  readonly tenantHeader?: string;
  readonly onRefused?: (refusal: { readonly error: ExportError }) => void;
}
type Client = (options: { readonly tls?: object }) => Transport;
type Server = (options: ServerSide & { readonly port: number }) => Receiver;

const kinds: readonly [string, Client, Server][] = [
  ["http", (options) => httpTransport(options), (options) => httpReceiver(options as never)],
  ["grpc", (options) => grpcTransport(options), (options) => grpcReceiver(options as never)],
  ["grpc-js", (options) => grpcJsTransport(options), (options) => grpcJsReceiver(options as never)],
];

/** Something whose current value a test changes. */
function changing<T>(first: T): Live<T> & { set(next: T): void } {
  const listeners = new Set<() => void>();
  let now = first;
  return {
    get current() {
      return now;
    },
    onChange(changed) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
    set(next) {
      now = next;
      for (const changed of listeners) changed();
    },
  };
}

describe.each(kinds)("over %s", (kind, transport, receiver) => {
  /** A receiver, and a way to send to it. */
  async function setUp(options: ServerSide = {}, clientTls: object = {}) {
    const pipeline = recordingSender();
    const refusals: ExportError[] = [];
    const listening: Listening = await receiver({
      port: 0,
      onRefused: ({ error }) => void refusals.push(error),
      ...options,
    }).listen(pipeline);
    onTestFinished(() => listening.close({ graceMs: 100 }));
    const url = `${options.tls === undefined ? "http" : "https"}://${listening.address}`;
    const connect = (provider?: CredentialProvider, tls: object = clientTls): Sender => {
      const connection = transport({ tls: { ca: root.ca, ...tls } }).connect({ url });
      const sender = provider === undefined ? connection : pipe(authenticate(provider, { url }), connection);
      onTestFinished(() => sender.close());
      return sender;
    };
    return { pipeline, refusals, url, connect };
  }

  const soon = (): SendOptions => ({ deadline: performance.now() + 10_000 });

  describe("an authenticator", () => {
    const keys = jwtKeys([{ id: "k", key: rsaKeys().privateKey, algorithm: "RS256" }]);
    const [issuer, audience] = ["https://issuer.example", "urn:otlp"];
    const all = anyOf(
      acceptJwt({ issuer, audience, keys: { kind: "set", keys: keys.published() }, tenantClaim: "tenant" }),
      acceptBasic("alice:secret"),
      acceptBearer([{ name: "vendor", token: "key" }], { header: "x-api-key", scheme: "" }),
      acceptBearer([{ name: "plain", token: "token" }]),
    );

    it.each<[string, CredentialProvider, object]>([
      [
        "a JWT",
        jwt({ keys, issuer, audience, subject: "shop", claims: { tenant: "blue" } }),
        { name: "shop", method: "jwt", tenant: "blue" },
      ],
      ["a password", basic("alice", "secret"), { name: "alice", method: "basic" }],
      ["an API key", apiKey("x-api-key", "key"), { name: "vendor", method: "bearer" }],
      ["a bearer token", bearer("token"), { name: "plain", method: "bearer" }],
    ])("tells the pipeline who sends with %s", async (_, provider, caller) => {
      const { pipeline, connect } = await setUp({ authenticator: all });
      expect(await connect(provider).send(spans, soon())).toEqual(accepted);
      expect(pipeline.options[0]?.caller).toEqual(caller);
      expect(pipeline.batches[0]?.tenant).toBe((caller as { tenant?: string }).tenant);
    });

    it("turns away who can't say, and keeps to itself why", async () => {
      const { pipeline, refusals, connect } = await setUp({ authenticator: all });
      for (const provider of [undefined, bearer("canary"), basic("alice", "canary")]) {
        const error = await connect(provider)
          .send(spans, soon())
          .catch((thrown: unknown) => thrown as ExportError);
        expect(error).toMatchObject({ code: "unauthenticated", retryable: false });
        expect((error as ExportError).message).toContain("the credentials are missing or not accepted");
      }
      expect(pipeline.batches).toEqual([]);
      // A sender with a provider asks it once more, and gets the same.
      expect(refusals).toHaveLength(3);
      expect(String(refusals[0]?.cause)).toContain("no single header");
      expect(refusals.map(String).join()).not.toContain("canary");
    });

    it("passes on that it may not, or not now", async () => {
      for (const code of ["forbidden", "unavailable"] as const) {
        const authenticator: Authenticator = {
          name: "stub",
          authenticate: () => Promise.reject(new ExportError(code, "no")),
        };
        const { connect } = await setUp({ authenticator });
        await expect(connect().send(spans, soon())).rejects.toMatchObject({ code });
      }
    });

    it("prefers the tenant of the credentials to that of a header", async () => {
      const { pipeline, connect } = await setUp({ authenticator: all, tenantHeader: "x-tenant" });
      const sender = connect(jwt({ keys, issuer, audience, claims: { tenant: "blue" } }));
      await sender.send({ ...spans, headers: { "x-tenant": "red" } }, soon());
      const other = connect(bearer("token"));
      await other.send({ ...spans, headers: { "x-tenant": "red" } }, soon());
      expect(pipeline.batches.map(({ tenant }) => tenant)).toEqual(["blue", "red"]);
    });

    it("is asked before the body is read, and waits for nobody who has gone", async () => {
      let asked!: () => void;
      const knocked = new Promise<void>((resolve) => (asked = resolve));
      let told: AbortSignal | undefined;
      const authenticator: Authenticator = {
        name: "slow",
        authenticate(_knock, signal) {
          told = signal;
          asked();
          return new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new ExportError("cancelled", "gone")), { once: true });
          });
        },
      };
      const { pipeline, connect } = await setUp({ authenticator });
      const leaving = new AbortController();
      const sent = connect().send(spans, { signal: leaving.signal });
      await knocked;
      leaving.abort();
      await expect(sent).rejects.toMatchObject({ code: "cancelled" });
      if (kind !== "grpc-js") await expect.poll(() => told?.aborted).toBe(true);
      expect(pipeline.batches).toEqual([]);
    });
  });

  describe("mutual TLS", () => {
    const authenticator = acceptCertificate({ names: ["spiffe://example/*"] });

    it("names the caller by its certificate", async () => {
      const tls = { ...server, ca: root.ca, requireClientCert: true };
      const { pipeline, connect } = await setUp({ authenticator, tls }, client);
      await connect().send(spans, soon());
      expect(pipeline.options[0]?.caller).toEqual({ name: "spiffe://example/shop", method: "mtls" });
      const stranger = await root.issue({ names: ["URI:spiffe://elsewhere/shop"] });
      await expect(connect(undefined, stranger).send(spans, soon())).rejects.toMatchObject({ code: "unauthenticated" });
    });

    it.each<[string, () => Promise<object>, RegExp, RegExp]>([
      ["no certificate", async () => ({}), /certificate/, /showed no certificate/],
      [
        "one that has ended",
        async () => root.issue({ names: ["DNS:a"], until: new Date(Date.now() - 1000) }),
        /certificate/,
        /not accepted \(CERT_HAS_EXPIRED\)/,
      ],
      [
        "one of a strange authority",
        async () => (await authority("strange")).issue({ names: ["DNS:a"] }),
        /certificate/,
        /not accepted \((?:SELF_SIGNED|UNABLE_TO)/,
      ],
    ])("refuses a client with %s, and says so on both sides", async (_, make, message, told) => {
      const tls = { ...server, ca: root.ca, requireClientCert: true };
      const { pipeline, refusals, connect } = await setUp({ tls });
      const error = (await connect(undefined, await make())
        .send(spans, soon())
        .catch((thrown: unknown) => thrown)) as ExportError;
      expect(error.code).toBe("unavailable");
      expect(error.message).toMatch(message);
      expect(pipeline.batches).toEqual([]);
      // grpc-js keeps it to itself.
      if (kind === "grpc-js") return;
      await expect.poll(() => refusals.length).toBeGreaterThan(0);
      expect(refusals[0]).toMatchObject({ code: "unauthenticated", message: "a TLS connection was refused" });
      expect(String(refusals[0]?.cause)).toMatch(told);
    });

    // grpc-js can only require one.
    if (kind !== "grpc-js")
      it("asks for a certificate and takes another proof as well", async () => {
        const either = anyOf(authenticator, acceptBearer([{ name: "plain", token: "token" }]));
        const { pipeline, connect } = await setUp({
          authenticator: either,
          tls: { ...server, ca: root.ca, askClientCert: true },
        });
        await connect(undefined, client).send(spans, soon());
        await connect(bearer("token")).send(spans, soon());
        const forged = await (await authority("strange")).issue({ names: ["URI:spiffe://example/shop"] });
        await expect(connect(undefined, forged).send(spans, soon())).rejects.toMatchObject({ code: "unauthenticated" });
        expect(pipeline.options.map(({ caller }) => caller?.name)).toEqual(["spiffe://example/shop", "plain"]);
      });
  });

  describe("rules for TLS", () => {
    it("keep versions apart that do not meet, and say so", async () => {
      const { warnings: _, ...modern } = tlsPolicy("modern");
      const { warnings: __, ...old } = tlsPolicy({ maxVersion: "TLSv1.2" });
      if (kind === "grpc-js") {
        // It can't be told, so it says so in place of listening without them.
        await expect(setUp({ tls: { ...server, ...modern } })).rejects.toMatchObject({ code: "unsupported" });
        await (await setUp({ tls: server })).connect(undefined, modern).send(spans, soon());
        return;
      }
      const agreed: unknown[] = [];
      const onSecure = (each: unknown): void => void agreed.push(each);
      const { connect, refusals } = await setUp({ tls: { ...server, ...modern, onSecure } });
      await connect(undefined, { ...modern, onSecure }).send(spans, soon());
      // Each side says it.
      const one = { version: "TLSv1.3", cipherSuite: expect.stringMatching(/^TLS_AES_/u) };
      expect(agreed).toEqual([one, one]);
      await expect(connect(undefined, old).send(spans, soon())).rejects.toThrow(/TLS|version|protocol/i);
      expect(String(refusals[0]?.cause)).toContain("no version of TLS");
    });

    it("take the key that is pinned only", async () => {
      const { connect } = await setUp({ tls: server });
      const wrong = { checkServerIdentity: pinned([Buffer.alloc(32).toString("base64")]) };
      await expect(connect(undefined, wrong).send(spans, soon())).rejects.toThrow(
        /pinned|certificate|TLS|No connection/i,
      );
    });

    it.each<[string, () => Promise<Issued>]>([
      ["another name", () => root.issue({ names: ["DNS:elsewhere.example"] })],
      ["an end that has passed", () => root.issue({ names: ["IP:127.0.0.1"], until: new Date(Date.now() - 1000) })],
      ["a strange authority", async () => (await authority("strange")).issue({ names: ["IP:127.0.0.1"] })],
    ])("refuse a server whose certificate has %s", async (_, make) => {
      const { connect } = await setUp({ tls: await make() });
      await expect(connect().send(spans, soon())).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(/certificate/i),
      });
    });
  });
});

describe("a TLS session that is taken up again", () => {
  it("is as good as it was the first time and no better, and ends with the authority that vouched for it", async () => {
    const next = await authority("next");
    const tls = changing<TlsMaterial & object>({ ...server, ca: root.ca, askClientCert: true } as TlsMaterial);
    const pipeline = recordingSender();
    const receiver = httpReceiver({
      port: 0,
      authenticator: acceptCertificate(),
      tls: tls as never,
    });
    const listening = await receiver.listen(pipeline);
    onTestFinished(() => listening.close({ graceMs: 100 }));
    const forged = await (await authority("strange")).issue({ names: ["URI:spiffe://example/shop"] });

    /** Asks twice, the second time over another connection with the session of the first. */
    async function twice(shown: object, between = (): void => {}): Promise<[number | undefined, boolean][]> {
      const agent = new Agent({ keepAlive: false, ca: root.ca, ...shown });
      onTestFinished(() => agent.destroy());
      const answers: [number | undefined, boolean][] = [];
      for (let attempt = 0; attempt < 2; attempt++) {
        if (attempt > 0) between();
        const sent = request(`https://${listening.address}/v1/traces`, {
          agent,
          method: "POST",
          headers: { "content-type": "application/x-protobuf" },
        });
        sent.end();
        const [answer] = (await once(sent, "response")) as [IncomingMessage];
        answers.push([answer.statusCode, (answer.socket as TLSSocket).isSessionReused()]);
        answer.resume();
        await once(answer, "close");
      }
      return answers;
    }
    const first = [200, false];
    expect(await twice(client)).toEqual([first, [200, true]]);
    expect(await twice({})).toEqual([
      [401, false],
      [401, true],
    ]);
    expect(await twice(forged)).toEqual([
      [401, false],
      [401, true],
    ]);
    const trustNext = (): void => tls.set({ ...server, ca: next.ca, askClientCert: true } as TlsMaterial);
    expect(await twice(client, trustNext)).toEqual([first, [401, false]]);
  });
});

/** The ways in which a sender may hold connections. */
const ways: readonly [string, (transport: Transport, url: string) => Sender][] = [
  ["by itself", (transport, url) => transport.connect({ url })],
  [
    "in a pool",
    (transport, url) =>
      route(fixed(url), roundRobin(), { pool: { maxConnections: 2, requestsPerConnection: 1 } })(transport),
  ],
];

function fixed(url: string): Registry {
  return {
    name: "fixed",
    async *watch(signal) {
      yield [{ id: "one", url }];
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  };
}

const loads = kinds
  .slice(0, 2)
  .flatMap(([kind, ...sides]) => ways.map(([how, hold]) => [kind, how, hold, ...sides] as const));

/** Its own receiver takes a certificate once, as grpc-js does. */
const withGrpcJs = ["grpc-js", ...ways[0]!, kinds[2]![1], kinds[1]![2]] as const;

describe.each([...loads, withGrpcJs])(
  "certificates that change under load over %s, held %s,",
  (_, __, hold, transport, receiver) => {
    it("fail no request, on either side, and are used from then on", async () => {
      const next = await authority("next");
      const both = root.ca + next.ca;
      const serverTls = changing<TlsMaterial & object>({ ...server, ca: both, requireClientCert: true } as TlsMaterial);
      const clientTls = changing<TlsMaterial>({ ...client, ca: both });
      const pipeline = recordingSender();
      const authenticator = acceptCertificate();
      const listening = await receiver({ port: 0, tls: serverTls, authenticator }).listen(pipeline);
      onTestFinished(() => listening.close({ graceMs: 100 }));
      const sender = hold(transport({ tls: clientTls }), `https://${listening.address}`);
      onTestFinished(() => sender.close());

      let going = true;
      let sent = 0;
      const load = Array.from({ length: 4 }, async () => {
        while (going) {
          await sender.send(spans, { deadline: performance.now() + 10_000 });
          sent++;
        }
      });
      const caller = (): string | undefined => pipeline.options.at(-1)?.caller?.name;
      await expect.poll(caller).toBe("spiffe://example/shop");
      for (const name of ["one", "two", "three"]) {
        const issued = { ...(await next.issue({ names: ["DNS:localhost", "IP:127.0.0.1"] })), ca: both };
        serverTls.set({ ...issued, requireClientCert: true } as TlsMaterial);
        clientTls.set({ ...(await next.issue({ names: [`URI:spiffe://example/${name}`] })), ca: both });
        await expect.poll(caller).toBe(`spiffe://example/${name}`);
      }
      going = false;
      await Promise.all(load);
      expect(sent).toBeGreaterThan(10);
      expect(pipeline.batches).toHaveLength(sent);
    });
  },
);

// Tokens of a certified server that end, are taken back, or are signed anew while data are on the way: no request is lost,
// and nobody is asked more often than it takes.
import { authenticate, ExportError, pipe, type Receiver, type SendOptions, type Transport } from "@otlpkit/core";
import { recordingSender, seeded } from "@otlpkit/testkit";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { grpcJsReceiver, grpcJsTransport } from "@otlpkit/transport-grpc/grpc-js";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { httpTransport } from "@otlpkit/transport-http";
import { httpReceiver } from "@otlpkit/transport-http/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { acceptJwt, type AcceptJwtOptions } from "../src/jwt/index.ts";
import { clientCredentials } from "../src/oauth2/index.ts";
import { audience, authorizationServer, rsaKeys, secret } from "./authorization-server.ts";

const spans = seeded(5).traces({ items: 2 });
const [one, two, three] = ["one", "two", "three"].map((kid) => ({ kid, key: rsaKeys().privateKey }));
const soon = (): SendOptions => ({ deadline: performance.now() + 20_000 });

const kinds: readonly [string, () => Transport, (options: object) => Receiver][] = [
  ["http", () => httpTransport(), (options) => httpReceiver(options)],
  ["grpc", () => grpcTransport(), (options) => grpcReceiver(options)],
  ["grpc-js", () => grpcJsTransport(), (options) => grpcJsReceiver(options)],
];

describe.each(kinds)("tokens under load over %s", (_, transport, receiver) => {
  /** A server of tokens, a receiver that checks them, and four who send as fast as they can until they are told to stop. */
  async function setUp(lifetimeSeconds: number, checking: Partial<AcceptJwtOptions>) {
    const server = await authorizationServer({ signingKeys: [one!] });
    onTestFinished(() => server.close());
    server.lifetimeSeconds = lifetimeSeconds;
    const pipeline = recordingSender();
    const refusals: string[] = [];
    const authenticator = acceptJwt({
      issuer: server.issuer,
      audience,
      keys: { kind: "url", url: `${server.issuer}/jwks` },
      rememberMs: 0,
      ...checking,
    });
    const listening = await receiver({
      port: 0,
      authenticator,
      onRefused: ({ error }: { error: ExportError }) => void refusals.push((error.cause as Error).message),
    }).listen(pipeline);
    onTestFinished(() => listening.close({ graceMs: 100 }));
    const url = `http://${listening.address}`;
    const lifetimes: number[] = [];
    const provider = clientCredentials({
      issuer: server.issuer,
      clientId: "basic",
      authentication: { method: "client_secret_basic", secret },
      scope: "telemetry.write",
      onRefresh: (outcome) => void ("error" in outcome || lifetimes.push(outcome.lifetimeMs)),
    });
    const sender = pipe(authenticate(provider, { url }), transport().connect({ url }));
    onTestFinished(() => sender.close());
    let going = true;
    let sent = 0;
    const load = Array.from({ length: 4 }, async () => {
      while (going) {
        await sender.send(spans, soon());
        sent++;
        // The server of tokens wants its turn as well.
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    return {
      server,
      sender,
      refusals,
      lifetimes,
      sent: () => sent,
      async stop() {
        going = false;
        await Promise.all(load);
        expect(pipeline.batches).toHaveLength(sent);
      },
    };
  }

  it("that end are renewed before they do, once each", async () => {
    const { lifetimes, refusals, ...load } = await setUp(4, { clockToleranceMs: 0 });
    const begunMs = performance.now();
    await expect.poll(() => lifetimes.length, { timeout: 20_000 }).toBeGreaterThan(1);
    await load.stop();
    // Half of their life each, less a tenth.
    expect(lifetimes.length).toBeLessThanOrEqual(Math.floor((performance.now() - begunMs) / 1800) + 1);
    expect(refusals).toEqual([]);
  });

  it("whose key the server has taken back are replaced by one new token, and a client that it no longer knows is told so", async () => {
    const { server, sender, lifetimes, refusals, ...load } = await setUp(600, { cacheMs: 50, cooldownMs: 50 });
    await expect.poll(load.sent).toBeGreaterThan(8);
    server.rotate([two!]);
    await expect.poll(() => lifetimes.length, { timeout: 10_000 }).toBe(2);
    const before = load.sent();
    await expect.poll(load.sent).toBeGreaterThan(before + 8);
    await load.stop();
    // However many were refused together, one asked.
    expect(lifetimes).toHaveLength(2);
    expect(new Set(refusals)).toEqual(new Set(["it is signed with a key that the issuer does not have"]));

    server.revoked.add("basic");
    server.rotate([three!]);
    const asked = server.requests["/token"] ?? 0;
    const refused = async (): Promise<ExportError | undefined> =>
      sender.send(spans, soon()).then(
        () => undefined,
        (error: unknown) => error as ExportError,
      );
    await expect.poll(refused, { timeout: 10_000 }).toMatchObject({ code: "unauthenticated", retryable: false });
    await Promise.all(Array.from({ length: 20 }, refused));
    expect((await refused())?.message).toContain("check id and secret or key, and whether it was revoked");
    expect((server.requests["/token"] ?? 0) - asked).toBe(1);
  });
});

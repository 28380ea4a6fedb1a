// A certified OpenID provider (oidc-provider) that gives out JWT access tokens, on a free port of loopback.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type ClientMetadata, type JWKS, Provider } from "oidc-provider";

export interface AuthorizationServer {
  readonly issuer: string;
  /** How often each path was asked for. */
  readonly requests: Readonly<Record<string, number>>;
  /** How long the tokens live that are given out from now on, in s. */
  lifetimeSeconds: number;
  /** Answers in place of the provider, while set. */
  trouble: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Clients that are no longer known. */
  readonly revoked: Set<string>;
  /** From now on these keys sign, and are published; others are gone. */
  rotate(signingKeys: readonly { readonly kid: string; readonly key: KeyObject }[]): void;
  close(): Promise<void>;
}

export const audience = "urn:otlp:relay";
export const secret = "a:secret%with&all/of+it=";

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function rsaKeys(): Keys {
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

function jwkOf(key: KeyObject, kid: string, alg: string): Record<string, unknown> {
  return { ...key.export({ format: "jwk" }), kid, alg, use: "sig" };
}

/** Starts one. `assertionKey` is the public half of what the client "signer" signs with. */
export async function authorizationServer(options: {
  readonly signingKeys: readonly { readonly kid: string; readonly key: KeyObject }[];
  readonly assertionKey?: KeyObject;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
}): Promise<AuthorizationServer> {
  const { tls } = options;
  const requests: Record<string, number> = {};
  const server: Server = tls
    ? createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: false })
    : createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `${tls ? "https" : "http"}://${tls ? "localhost" : "127.0.0.1"}:${(server.address() as AddressInfo).port}`;

  const common = { grant_types: ["client_credentials"], redirect_uris: [], response_types: [] };
  const clients: ClientMetadata[] = [
    { ...common, client_id: "basic", client_secret: secret, token_endpoint_auth_method: "client_secret_basic" },
    { ...common, client_id: "post", client_secret: secret, token_endpoint_auth_method: "client_secret_post" },
    ...(options.assertionKey === undefined
      ? []
      : [
          {
            ...common,
            client_id: "signer",
            token_endpoint_auth_method: "private_key_jwt" as const,
            jwks: { keys: [jwkOf(options.assertionKey, "signer-1", "RS256")] } as unknown as JWKS,
          },
        ]),
    ...(tls === undefined
      ? []
      : [
          {
            ...common,
            client_id: "certified",
            token_endpoint_auth_method: "tls_client_auth" as const,
            tls_client_auth_san_dns: "client.test",
            tls_client_certificate_bound_access_tokens: true,
          },
        ]),
  ];
  const state: AuthorizationServer = {
    issuer,
    requests,
    lifetimeSeconds: 600,
    trouble: undefined,
    revoked: new Set(),
    rotate: (signingKeys) => void (handle = providerWith(signingKeys).callback()),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const providerWith = (signingKeys: typeof options.signingKeys): Provider => {
    const provider = new Provider(issuer, {
      clients,
      jwks: { keys: signingKeys.map(({ kid, key }) => jwkOf(key, kid, "RS256")) } as unknown as JWKS,
      scopes: ["telemetry.write"],
      clientAuthMethods: [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        ...(tls === undefined ? [] : ["tls_client_auth" as const]),
      ],
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        mTLS: {
          enabled: tls !== undefined,
          tlsClientAuth: true,
          certificateBoundAccessTokens: true,
          getCertificate: (context) => {
            const socket = context.req.socket as import("node:tls").TLSSocket;
            return socket.getPeerX509Certificate?.()?.toString();
          },
          certificateAuthorized: (context) => (context.req.socket as import("node:tls").TLSSocket).authorized,
          certificateSubjectMatches: (context, property, expected) => {
            const names = (context.req.socket as import("node:tls").TLSSocket).getPeerX509Certificate()?.subjectAltName;
            return property === "tls_client_auth_san_dns" && (names ?? "").includes(`DNS:${expected}`);
          },
        },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => audience,
          useGrantedResource: () => true,
          getResourceServerInfo: (_context, resource) => ({
            scope: "telemetry.write",
            audience: resource,
            accessTokenFormat: "jwt" as const,
            accessTokenTTL: state.lifetimeSeconds,
            jwt: { sign: { alg: "RS256" as const } },
          }),
        },
      },
      ttl: { ClientCredentials: () => state.lifetimeSeconds },
    });
    const find = provider.Client.find.bind(provider.Client);
    provider.Client.find = async (id: string) => (state.revoked.has(id) ? undefined : find(id));
    return provider;
  };
  // Its warnings are about things that do not matter on loopback.
  let handle = providerWith(options.signingKeys).callback();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    requests[path] = (requests[path] ?? 0) + 1;
    if (state.trouble !== undefined) return state.trouble(request, response);
    void handle(request, response);
  });
  return state;
}

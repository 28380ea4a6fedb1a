import { type CredentialProvider, ExportError } from "@otlpkit/core";
import * as oauth from "oauth4webapi";
import type { HttpsOptions } from "../https-fetch.ts";
import { httpsFetch, safeUrl } from "../https-fetch.ts";
import { clientAuthentication, type ClientAuthentication } from "./client-authentication.ts";
import { type TokenCacheOptions, tokenCache } from "./token-cache.ts";

/** Options of {@link clientCredentials}. */
export interface ClientCredentialsOptions {
  /** The server's token endpoint. Or say `issuer`. */
  readonly tokenUrl?: string;
  /** The server's issuer identifier, from which everything else is discovered (RFC 8414, OpenID Connect Discovery). */
  readonly issuer?: string;
  readonly clientId: string;
  /** How we prove to the server who we are. */
  readonly authentication: ClientAuthentication;
  /** What the token is for: "telemetry.write", several with spaces between. */
  readonly scope?: string;
  /** For whom it is, as Auth0 and others name it. */
  readonly audience?: string;
  /** For whom it is, as RFC 8707 names it: the URL of the resource. */
  readonly resource?: string;
  /** Further parameters of the request, for servers that want some. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** How to reach the server. */
  readonly https?: HttpsOptions;
  /** Told of each new token (its lifetime, in ms) and of each failure; never of a token. */
  readonly onRefresh?: TokenCacheOptions["onRefresh"];
  /** For tests. Default `performance.now` and `Math.random`. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/**
 * Access tokens by the client credentials grant of OAuth 2.0 (RFC 6749, 4.4), as `Authorization: Bearer` on each attempt.
 *
 * A token is asked for once, however many wait for it; renewed before it ends; used until it really ends while the server is
 * away; and asked for anew, once, when the far side refuses it.
 *
 * @throws TypeError, at once, when neither `tokenUrl` nor `issuer` is given; ExportError "rejected" when it is no URL, or in
 *   clear and not on this machine
 */
export function clientCredentials(options: ClientCredentialsOptions): CredentialProvider {
  const { clientId, onRefresh, now = () => performance.now(), random = Math.random } = options;
  const { issuer, tokenUrl } = options;
  if (tokenUrl === undefined && issuer === undefined) {
    throw new TypeError("clientCredentials needs tokenUrl, or issuer to find it by");
  }
  const place = tokenUrl ?? issuer!;
  safeUrl(place, options.https?.allowCleartext);
  const authentication = clientAuthentication(options.authentication);
  const certified = options.authentication.method === "tls_client_auth" ? options.authentication : undefined;
  const fetching = httpsFetch({
    ...options.https,
    ...(certified?.cert === undefined ? {} : { cert: certified.cert, key: certified.key }),
  });
  // Our fetch decides about clear connections, and says so better.
  const asking = { [oauth.customFetch]: fetching as never, [oauth.allowInsecureRequests]: true as const };
  let discovered: oauth.AuthorizationServer | undefined;

  async function server(): Promise<oauth.AuthorizationServer> {
    if (tokenUrl !== undefined) return { issuer: issuer ?? new URL(tokenUrl).origin, token_endpoint: tokenUrl };
    discovered ??= await discover(new URL(issuer!), asking);
    return discovered;
  }

  async function ask() {
    try {
      const found = await server();
      const client: oauth.Client = {
        client_id: clientId,
        use_mtls_endpoint_aliases: certified !== undefined && tokenUrl === undefined,
      };
      const response = await oauth.clientCredentialsGrantRequest(
        found,
        client,
        await authentication(),
        parametersOf(options),
        asking,
      );
      const token = await oauth.processClientCredentialsResponse(found, client, response);
      if (token.token_type.toLowerCase() !== "bearer") {
        throw new ExportError(
          "bad-response",
          `${shown(place)} gives out no bearer token; other kinds are not supported`,
        );
      }
      const lifetimeMs = token.expires_in === undefined ? undefined : token.expires_in * 1000;
      return { value: token.access_token, lifetimeMs };
    } catch (error) {
      throw failure(error, place, clientId);
    }
  }

  const cache = tokenCache({ ask, onRefresh, now, random });
  return {
    async headers(_endpoint, _batch, signal) {
      return { authorization: `Bearer ${await cache.token(signal)}` };
    },
    invalidate: () => cache.forget(),
  };
}

async function discover(issuer: URL, options: object): Promise<oauth.AuthorizationServer> {
  const ways = ["oidc", "oauth2"] as const;
  let first: unknown;
  for (const algorithm of ways) {
    try {
      return await oauth.processDiscoveryResponse(
        issuer,
        await oauth.discoveryRequest(issuer, { ...options, algorithm }),
      );
    } catch (error) {
      first ??= error;
      // Whoever is not reached the first way is not reached the second.
      if (ExportError.is(error)) throw error;
    }
  }
  throw first;
}

function parametersOf({ scope, audience, resource, parameters }: ClientCredentialsOptions): Record<string, string> {
  return {
    ...parameters,
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
    ...(resource === undefined ? {} : { resource }),
  };
}

/** Refusals that will be repeated until somebody changes something. */
const permanent =
  /^(?:invalid_(?:client|request|scope|target|grant)|unauthorized_client|unsupported_grant_type|access_denied)$/u;

function failure(error: unknown, place: string, clientId: string): ExportError {
  if (ExportError.is(error)) return error;
  const attempted = `cannot get a token for the client ${clientId} from ${shown(place)}`;
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.WWWAuthenticateChallengeError) {
    const status = error.status;
    const name = error instanceof oauth.ResponseBodyError ? error.error : "invalid_client";
    if (permanent.test(name)) {
      const advice =
        name === "invalid_client"
          ? "check id and secret or key, and whether it was revoked"
          : "check scope, audience and what the client is allowed";
      return new ExportError("unauthenticated", `${attempted}: it answers ${name} (${status}); ${advice}`);
    }
    // A name that is one; anything else may be an echo of what was sent.
    const told = /^[a-z_]{1,40}$/u.test(name) ? name : "an error";
    return new ExportError("unavailable", `${attempted}: it answers ${told} (${status})`, {
      retryAfterMs: retryAfterMs(error.response),
    });
  }
  if (error instanceof oauth.OperationProcessingError && error.cause instanceof Response) {
    const { status } = error.cause;
    if (status >= 500 || status === 429) {
      return new ExportError("unavailable", `${attempted}: it answers ${status}`, {
        retryAfterMs: retryAfterMs(error.cause),
      });
    }
    return new ExportError("bad-response", `${attempted}: it answers ${status}; is this the token endpoint?`, {
      retryable: true,
    });
  }
  // The library's messages name what is wrong with an answer, and quote nothing of it.
  const reason = error instanceof Error ? error.message : "an unknown error";
  return new ExportError("bad-response", `${attempted}: ${reason}`, { retryable: true });
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, 300_000) : 0;
}

function shown(url: string): string {
  return url.replace(/\/\/[^/@]*@/u, "//").replace(/[?#].*$/u, "");
}

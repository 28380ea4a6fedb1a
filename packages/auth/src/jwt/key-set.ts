import { readFile } from "node:fs/promises";
import { ExportError } from "@otlpkit/core";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import type { HttpsFetch } from "../https-fetch.ts";

/** Where the public keys are that tokens are checked with. */
export type KeySource =
  /** The issuer's own word: its discovery document names the place (OpenID Connect Discovery, RFC 8414). */
  | { readonly kind: "discovered" }
  | { readonly kind: "url"; readonly url: string }
  /** A JSON Web Key Set in a file, read again when it may have changed. */
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "set"; readonly keys: JSONWebKeySet };

/** As long as there are no keys at all, looking for them waits for no more than this. */
const maxPauseMs = 5000;

/** How keys are kept. */
export interface KeySetOptions {
  readonly issuer: string;
  readonly source: KeySource;
  readonly fetch: HttpsFetch;
  /** Keys older than this are looked up again, while the old ones serve. */
  readonly cacheMs: number;
  /** A key that nobody knows makes us look again, no more often than this. */
  readonly cooldownMs: number;
  readonly now: () => number;
}

/**
 * Finds the key of a token. One question at a time and never more than one a cooldown, whatever keys tokens name; keys that
 * were good stay good while their place can't be reached.
 */
export function keySet(options: KeySetOptions): JWTVerifyGetKey {
  const { source, cacheMs, cooldownMs, now } = options;
  if (source.kind === "set") return createLocalJWKSet(source.keys);
  let held: { readonly find: JWTVerifyGetKey; readonly loadedMs: number } | undefined;
  let triedMs = -Infinity;
  let lastError: unknown;
  let loading: Promise<void> | undefined;

  function load(): Promise<void> {
    triedMs = now();
    loading ??= read(options)
      .then((keys) => {
        held = { find: createLocalJWKSet(keys), loadedMs: now() };
      })
      .catch((error: unknown) => {
        lastError = error;
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  }

  const pauseMs = (): number => (held === undefined ? Math.min(maxPauseMs, cooldownMs) : cooldownMs);
  const mayLoad = (): boolean => loading !== undefined || now() - triedMs >= pauseMs();

  return async (header, token) => {
    if (held === undefined && mayLoad()) await load();
    if (held === undefined) throw notThere(options, lastError, Math.max(0, triedMs + pauseMs() - now()));
    if (now() - held.loadedMs >= cacheMs && mayLoad()) void load();
    const { find } = held;
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !mayLoad()) throw error;
      await load();
      if (held.find === find) throw error;
      return held.find(header, token);
    }
  };
}

async function read({ issuer, source, fetch }: KeySetOptions): Promise<JSONWebKeySet> {
  if (source.kind === "file") return parsed(await readFile(source.path, "utf8"), source.path);
  const url = source.kind === "url" ? source.url : await discovered(issuer, fetch);
  return parsed(await textAt(url, fetch), shown(url));
}

/** OpenID Connect Discovery appends, RFC 8414 puts its word in front of the path; and it has a name of its own. */
async function discovered(issuer: string, fetch: HttpsFetch): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const places = [
    `${issuer.replace(/\/$/u, "")}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/u, "")}`,
  ];
  let first: unknown;
  for (const place of places) {
    try {
      const document = json(await textAt(place, fetch), shown(place)) as {
        issuer?: unknown;
        jwks_uri?: unknown;
      } | null;
      if (document?.issuer !== issuer) throw new Error(`${shown(place)} is the document of another issuer`);
      if (typeof document.jwks_uri !== "string") throw new Error(`${shown(place)} names no jwks_uri`);
      return document.jwks_uri;
    } catch (error) {
      first ??= error;
      // Whoever is not reached the first way is not reached the second.
      if (ExportError.is(error)) throw error;
    }
  }
  throw first;
}

async function textAt(url: string, fetch: HttpsFetch): Promise<string> {
  const response = await fetch(url, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${shown(url)} answers ${response.status}`);
  return response.text();
}

function parsed(text: string, place: string): JSONWebKeySet {
  const set = json(text, place) as JSONWebKeySet | null;
  if (!Array.isArray(set?.keys)) throw new Error(`${place} holds no JSON Web Key Set`);
  return set;
}

function json(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its message quotes the text, which may be a key that was put in the wrong place.
    throw new Error(`${place} holds no JSON`);
  }
}

/** Where the keys are is nobody's business who knocks, so it is the cause that says it. */
function notThere({ issuer }: KeySetOptions, thrown: unknown, retryAfterMs: number): ExportError {
  const reason = thrown instanceof Error ? thrown.message : "not asked yet";
  const cause = new Error(`the keys of ${shown(issuer)} can't be had now: ${reason}`);
  return new ExportError("unavailable", "the credentials can't be checked now; try again", { cause, retryAfterMs });
}

function shown(url: string): string {
  return url.replace(/\/\/[^/@]*@/u, "//").replace(/[?#].*$/u, "");
}

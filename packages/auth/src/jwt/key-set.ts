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

  const mayLoad = (): boolean => loading !== undefined || now() - triedMs >= cooldownMs;

  return async (header, token) => {
    if (held === undefined && mayLoad()) await load();
    if (held === undefined) throw notThere(options, lastError);
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
  return parsed(await textAt(url, fetch), url);
}

async function discovered(issuer: string, fetch: HttpsFetch): Promise<string> {
  const place = `${issuer.replace(/\/$/u, "")}/.well-known/openid-configuration`;
  const document = JSON.parse(await textAt(place, fetch)) as { issuer?: unknown; jwks_uri?: unknown };
  if (document.issuer !== issuer) throw new Error(`${place} is the document of another issuer`);
  if (typeof document.jwks_uri !== "string") throw new Error(`${place} names no jwks_uri`);
  return document.jwks_uri;
}

async function textAt(url: string, fetch: HttpsFetch): Promise<string> {
  const response = await fetch(url, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.text();
}

function parsed(text: string, place: string): JSONWebKeySet {
  const set = JSON.parse(text) as JSONWebKeySet | null;
  if (!Array.isArray(set?.keys)) throw new Error(`${place} holds no JSON Web Key Set`);
  return set;
}

function notThere({ issuer }: KeySetOptions, cause: unknown): ExportError {
  const reason = cause instanceof Error ? cause.message : "not asked yet";
  return new ExportError("unavailable", `the keys of ${issuer} can't be had now: ${reason}`, { cause });
}

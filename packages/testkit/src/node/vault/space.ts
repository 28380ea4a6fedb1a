import { randomBytes } from "node:crypto";

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** A token that was given out. */
export interface FakeToken {
  readonly id: string;
  readonly accessor: string;
  readonly policies: readonly string[];
  readonly renewable: boolean;
  readonly ttlMs: number;
  /** No renewal reaches past this. */
  readonly maxEndsMs: number;
  endsMs: number;
  readonly path: string;
  /** What it unwraps, once. */
  readonly wrapped?: Json;
}

/** What was made for somebody and is taken back. */
export interface FakeLease {
  readonly id: string;
  readonly path: string;
  readonly token: FakeToken;
  readonly ttlMs: number;
  readonly maxEndsMs: number;
  endsMs: number;
}

/** A question, as engines see it. */
export interface Call {
  readonly method: string;
  /** Below where the engine is mounted. */
  readonly path: string;
  readonly body: Json;
  readonly token: FakeToken;
  readonly space: Space;
  readonly now: () => number;
}

/** An answer: a status and what is in the envelope, or the errors. */
export interface Reply {
  readonly status: number;
  readonly data?: Json | null;
  readonly auth?: Json;
  readonly lease?: { readonly id: string; readonly durationMs: number; readonly renewable: boolean };
  readonly errors?: readonly string[];
}

/** What is mounted somewhere. */
export type Engine = (call: Call) => Reply | Promise<Reply>;

/** All that a namespace has. */
export interface Space {
  readonly mounts: Map<string, { readonly type: string; readonly version: string; readonly engine: Engine }>;
  readonly methods: Map<string, Engine>;
  readonly policies: Map<string, string>;
  readonly tokens: Map<string, FakeToken>;
  readonly leases: Map<string, FakeLease>;
}

export const denied: Reply = { status: 403, errors: ["permission denied"] };
export const nothing: Reply = { status: 404, errors: [] };
export const done: Reply = { status: 204 };

export function newSpace(): Space {
  return { mounts: new Map(), methods: new Map(), policies: new Map(), tokens: new Map(), leases: new Map() };
}

export function randomName(): string {
  return randomBytes(18).toString("base64url").replaceAll("_", "x");
}

/** What to give a new token. */
export interface TokenTerms {
  readonly policies: readonly string[];
  readonly ttlMs: number;
  readonly maxTtlMs?: number;
  readonly renewable?: boolean;
  readonly path: string;
  readonly wrapped?: Json;
}

const month = 32 * 24 * 3_600_000;

export function newToken(space: Space, terms: TokenTerms, nowMs: number): FakeToken {
  const { policies, ttlMs, maxTtlMs = month, renewable = true, path, wrapped } = terms;
  const token: FakeToken = {
    id: `s.${randomName()}`,
    accessor: randomName(),
    policies,
    renewable,
    ttlMs,
    maxEndsMs: nowMs + (maxTtlMs || month),
    endsMs: nowMs + ttlMs,
    path,
    ...(wrapped === undefined ? {} : { wrapped }),
  };
  space.tokens.set(token.id, token);
  return token;
}

/** The `auth` of an answer that gives out a token. */
export function authOf(token: FakeToken, nowMs: number): Json {
  return {
    client_token: token.id,
    accessor: token.accessor,
    policies: token.policies,
    token_policies: token.policies,
    metadata: null,
    lease_duration: Math.round((token.endsMs - nowMs) / 1000),
    renewable: token.renewable,
    entity_id: "",
    token_type: "service",
    orphan: true,
    num_uses: 0,
  };
}

/** A text or a number of a body, as text. */
export function textAt(body: Json, name: string, fallback = ""): string {
  const value = body[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : fallback;
}

/** Durations as they are configured: 4, "4", "4s", "5m". */
export function msOf(value: unknown): number {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  const [, amount, unit = "s"] = /^(\d+)(s|m|h)?$/.exec(text) ?? [];
  return Number(amount ?? 0) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as "s" | "m" | "h"];
}

/** Whether one of these policies lets somebody do it. The rules of `default` that programs lean on are always there. */
export function allows(space: Space, token: FakeToken, path: string, method: string): boolean {
  if (token.policies.includes("root")) return true;
  const capability = { GET: "read", LIST: "list", DELETE: "delete" }[method] ?? "update";
  const rules = ["default", ...token.policies].flatMap((name) =>
    name === "default" ? defaults : (space.policies.get(name) ?? ""),
  );
  return rules
    .flatMap((text) => [...text.matchAll(/path\s+"([^"]+)"\s*{[^}]*capabilities\s*=\s*\[([^\]]*)\]/g)])
    .some(([, pattern = "", capabilities = ""]) => capabilities.includes(`"${capability}"`) && covers(pattern, path));
}

const defaults = `
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["update"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }`;

function covers(pattern: string, path: string): boolean {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

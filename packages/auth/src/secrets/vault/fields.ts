import { ExportError } from "@otlpkit/core";
import { type Secret, type Secrets, secret } from "../secret.ts";

type Json = Readonly<Record<string, unknown>>;

/** The object under a name of Vault's answer. */
export function objectAt(body: Json, name: string, asked: string): Json {
  const value = body[name];
  if (typeof value === "object" && value !== null) return value as Json;
  throw strange(asked, name);
}

export function textAt(body: Json, name: string, asked: string): string {
  const value = body[name];
  if (typeof value === "string" && value !== "") return value;
  throw strange(asked, name);
}

export function secretAt(body: Json, name: string, asked: string): Secret {
  return secret(textAt(body, name, asked));
}

/** Seconds in Vault's answers, as ms; 0 when it is not there. */
export function durationAt(body: Json, name: string): number {
  const seconds = Number(body[name] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

/** The entries of a secret: texts as they are, other values as JSON. */
export function secretsOf(data: Json): Secrets {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      secret(typeof value === "string" ? value : JSON.stringify(value)),
    ]),
  );
}

function strange(asked: string, name: string): ExportError {
  return new ExportError("bad-response", `Vault's answer to ${asked} has no usable "${name}"`);
}

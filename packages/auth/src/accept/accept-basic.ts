import { createHash } from "node:crypto";
import { type Authenticator, type Caller, ExportError } from "@otlpkit/core";
import type { Given } from "../credentials/given.ts";
import { believed } from "./believed.ts";
import { credentialsIn, notNow, refused } from "./refused.ts";
import { sameSecret } from "./same-secret.ts";

/** Options of {@link acceptBasic}. */
export interface AcceptBasicOptions {
  /** How long a good pair is taken for good without another look, in ms, since bcrypt is slow on purpose. Default 60,000. */
  readonly rememberMs?: number;
  /** For tests. Default `performance.now`. */
  readonly now?: () => number;
}

const maxRemembered = 1000;

/**
 * Lets in whoever shows a user and a password of an htpasswd file: lines of `user:hash`. Hashes are those of bcrypt
 * (`$2y$`, needs the package `bcryptjs`), `{SHA}`, or none at all: then the password itself stands there, for those who get
 * the line from a secret store. Lines that begin with # are remarks. The file is read once a second, and for a pair that
 * does not fit at once. Where it can't be, or a line or a hash is none, nobody can be checked: "unavailable", and the cause
 * says why.
 */
export function acceptBasic(htpasswd: Given, options: AcceptBasicOptions = {}): Authenticator {
  const { rememberMs = 60_000, now = () => performance.now() } = options;
  const remembered = new Map<string, { readonly hash: string; readonly untilMs: number }>();
  const text = believed(htpasswd, now);

  async function isGood(user: string, password: string, lines: string): Promise<boolean> {
    const users = usersIn(lines);
    // Who is not known costs as much as who is.
    const hash = users.get(user) ?? users.values().next().value ?? "";
    const key = createHash("sha256")
      .update(JSON.stringify([user, password]))
      .digest("base64");
    const before = remembered.get(key);
    if (before !== undefined && before.hash === hash && now() < before.untilMs) return users.has(user);
    remembered.delete(key);
    if (!(await fits(password, hash)) || !users.has(user)) return false;
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value!);
    if (rememberMs > 0) remembered.set(key, { hash, untilMs: now() + rememberMs });
    return true;
  }

  return {
    name: "basic",
    async authenticate(knock): Promise<Caller> {
      const [user, password] = pairIn(credentialsIn(knock, "authorization", "Basic"));
      try {
        const lines = await text(false);
        if (await isGood(user, password, lines)) return { name: user, method: "basic" };
        const fresh = await text(true);
        if (fresh !== lines && (await isGood(user, password, fresh))) return { name: user, method: "basic" };
      } catch (error) {
        throw notNow(error);
      }
      throw refused("user and password do not fit");
    },
  };
}

function pairIn(encoded: string): [string, string] {
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) throw refused("there is no user and password in the header");
  return [text.slice(0, colon), text.slice(colon + 1)];
}

function usersIn(htpasswd: string): Map<string, string> {
  const lines = htpasswd.split(/\r?\n/u).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line, index) => {
      const colon = line.indexOf(":");
      if (colon > 0) return [line.slice(0, colon), line.slice(colon + 1)];
      throw new ExportError("invalid", `line ${index + 1} of the users is not of the form user:hash`);
    }),
  );
}

async function fits(password: string, hash: string): Promise<boolean> {
  if (hash.startsWith("{SHA}")) {
    return sameSecret(createHash("sha1").update(password).digest("base64"), hash.slice("{SHA}".length));
  }
  if (/^\$2[aby]\$/u.test(hash)) return (await bcrypt()).compare(password, hash);
  if (/^\$[^$]+\$/u.test(hash)) {
    const kind = /^\$[^$]{1,12}\$/u.exec(hash)?.[0] ?? "of another kind";
    throw new ExportError("invalid", `password hashes ${kind} are not known; make them with: htpasswd -B`);
  }
  return sameSecret(password, hash);
}

interface Bcrypt {
  compare(password: string, hash: string): Promise<boolean>;
}

async function bcrypt(): Promise<Bcrypt> {
  // In a variable, so that no bundler resolves what may not be there.
  const name = "bcryptjs";
  try {
    const found = (await import(name)) as { default: Bcrypt };
    return found.default;
  } catch (cause) {
    throw new ExportError("unavailable", `passwords hashed with bcrypt need the package ${name}: npm install ${name}`, {
      cause,
    });
  }
}

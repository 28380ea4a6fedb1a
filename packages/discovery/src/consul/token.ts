import { ExportError } from "@otlpkit/core";
import type { SourceAnswer, SourceHttp } from "../http/source-http.ts";
import type { ConsulAccess, ConsulLogin } from "./access.ts";

/** The token to send, wherever it is from. */
export interface TokenSource {
  current(signal: AbortSignal): Promise<string | undefined>;
  /** It was refused. True when there is another one now. */
  renew(signal: AbortSignal): Promise<boolean>;
  /** Gives back what was only lent. */
  release(): Promise<void>;
}

/** A fixed token, one in a file, or one by login. */
export function tokenSource(access: ConsulAccess, http: SourceHttp, query: string): TokenSource {
  if (access.login !== undefined) return byLogin(access.login, http, query);
  const { token, tokenPath } = access;
  if (tokenPath === undefined) {
    return { current: async () => token, renew: async () => false, release: async () => {} };
  }
  let held: string | undefined;
  return {
    current: async () => (held ??= await readToken(tokenPath)),
    async renew() {
      const before = held;
      held = await readToken(tokenPath);
      return held !== before;
    },
    release: async () => {},
  };
}

function byLogin(
  { authMethod, bearerTokenPath, meta = {} }: ConsulLogin,
  http: SourceHttp,
  query: string,
): TokenSource {
  let held: string | undefined;
  const login = async (signal: AbortSignal): Promise<string> => {
    const answer = await http.ask({
      method: "POST",
      path: `/v1/acl/login${query}`,
      json: { AuthMethod: authMethod, BearerToken: await readToken(bearerTokenPath), Meta: meta },
      confidential: true,
      signal,
    });
    const id = answer.status === 200 ? (answer.json() as { readonly SecretID?: unknown }).SecretID : undefined;
    if (typeof id === "string" && id !== "") return id;
    throw answer.status === 200 ? new ExportError("bad-response", "consul gave no token at login") : answer.error();
  };
  return {
    current: async (signal) => (held ??= await login(signal)),
    async renew(signal) {
      // A token by login runs out; a new one is another one.
      held = await login(signal);
      return true;
    },
    async release() {
      const token = held;
      held = undefined;
      if (token === undefined) return;
      const secrets = { "x-consul-token": token };
      const path = `/v1/acl/logout${query}`;
      await http
        .ask({ method: "POST", path, secrets, timeoutMs: 1_000, signal: new AbortController().signal })
        .catch((): SourceAnswer | undefined => undefined); // It runs out by itself.
    },
  };
}

async function readToken(path: string): Promise<string> {
  try {
    return (await process.getBuiltinModule("node:fs").promises.readFile(path, "utf8")).trim();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    throw new ExportError("unauthenticated", `cannot read the token of consul in ${path} (${code})`, {
      cause,
      retryable: true,
    });
  }
}

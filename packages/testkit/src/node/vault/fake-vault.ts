import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { BackendTls } from "../backend.ts";
import { listening, tlsOptions } from "../listening.ts";
import {
  allows,
  type Call,
  denied,
  type Engine,
  type FakeToken,
  type Json,
  msOf,
  newSpace,
  newToken,
  nothing,
  type Reply,
  type Space,
} from "./space.ts";
import { notWrapping, system, tokens } from "./system.ts";

/** What goes wrong with a question, in place of an answer. */
export interface VaultFault {
  /** Only of these paths, below `/v1/`. Default: all. */
  readonly path?: RegExp;
  /** How many times. Default 1. */
  readonly times?: number;
  /** With a status, headers and a body; in silence for ever; by a broken connection; with far too much. */
  readonly answer:
    | "hang"
    | "reset"
    | "endless"
    | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };
}

/** A question that came in; what is in it is not kept, but its token is. */
export interface VaultQuestion {
  readonly method: string;
  /** Below `/v1/`. */
  readonly path: string;
  readonly token: string;
  readonly headers: IncomingMessage["headers"];
}

export interface FakeVaultOptions {
  readonly tls?: boolean | BackendTls;
  /** A Unix socket to listen on in place of a port. */
  readonly socketPath?: string;
  /** Wall clock in ms, for leases. Default `Date.now`. */
  readonly now?: () => number;
}

/** A Vault that keeps everything in memory and can be made to fail. */
export interface FakeVault {
  readonly url: string;
  /** May do anything. */
  readonly rootToken: string;
  /** All that was asked, in order. */
  readonly questions: readonly VaultQuestion[];
  /** Answers 503 to everything until it is unsealed. */
  sealed: boolean;
  /** From the next question on. */
  fail(fault: VaultFault): void;
  /** Forgets the faults that have not happened yet. */
  heal(): void;
  close(): Promise<void>;
}

/**
 * As much of the HTTP API of Vault and OpenBao as programs that read secrets use, with its statuses and envelopes: token,
 * AppRole and Kubernetes logins, policies, `kv` 1 and 2, transit, leases (engine `rabbitmq`), response wrapping, namespaces. It is set up by
 * the same calls as a real one, so the same cases run against both.
 */
export async function fakeVault(options: FakeVaultOptions = {}): Promise<FakeVault> {
  const now = options.now ?? Date.now;
  const secure = options.tls !== undefined && options.tls !== false;
  const spaces = new Map<string, Space>([["", newSpace()]]);
  const root: FakeToken = {
    ...newToken(newSpace(), { policies: ["root"], ttlMs: 0, path: "auth/token/root" }, now()),
    endsMs: Number.POSITIVE_INFINITY,
  };
  spaces.get("")?.tokens.set(root.id, root);
  const questions: VaultQuestion[] = [];
  const faults: { fault: VaultFault; left: number }[] = [];
  const fake: Omit<FakeVault, "close" | "url"> = {
    rootToken: root.id,
    questions,
    sealed: false,
    fail: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    heal: () => void faults.splice(0),
  };

  const server: Server = secure ? createTlsServer(tlsOptions(options.tls)) : createServer();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("error", () => {
      // The other side gave up.
    });
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      serve(request, Buffer.concat(chunks), response).catch((error: unknown) => {
        write(response, { status: 500, errors: [String(error)] });
      });
    });
  });

  async function serve(request: IncomingMessage, bytes: Buffer, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://vault");
    const path = decodeURIComponent(url.pathname.replace(/^\/v1\//, ""));
    const method = url.searchParams.get("list") === "true" ? "LIST" : (request.method ?? "");
    const { headers } = request;
    const token = headers["x-vault-token"] ?? "";
    questions.push({ method, path, token: String(token), headers });
    const next = faults.find(({ fault, left }) => left > 0 && (fault.path?.test(path) ?? true));
    if (next) {
      next.left--;
      return misbehave(next.fault.answer, response);
    }
    if (fake.sealed) return write(response, { status: 503, errors: ["Vault is sealed"] });
    const namespace = String(headers["x-vault-namespace"] ?? "").replace(/\/$/, "");
    const wrapMs = msOf(headers["x-vault-wrap-ttl"]);
    const reply = await answer(namespace, method, path, String(token), bytes);
    const space = spaces.get(namespace);
    if (!wrapMs || !space || !reply.data) return write(response, reply);
    const made = newToken(space, { policies: [], ttlMs: wrapMs, path, wrapped: reply.data }, now());
    write(response, { status: 200, data: null }, { token: made.id, ttl: wrapMs / 1000, creation_path: path });
  }

  async function answer(namespace: string, method: string, path: string, given: string, bytes: Buffer): Promise<Reply> {
    const space = spaces.get(namespace);
    if (!space) return { status: 404, errors: ["namespace not found"] };
    let body: Json;
    try {
      body = bytes.length > 0 ? (JSON.parse(bytes.toString()) as Json) : {};
    } catch {
      return { status: 400, errors: ["failed to parse JSON input"] };
    }
    const known = space.tokens.get(given) ?? (given === root.id ? root : undefined);
    const token = known && known.endsMs > now() ? known : undefined;
    const call = (rest: string, holder: FakeToken): Call => ({ method, path: rest, body, token: holder, space, now });
    const [engine, rest, open] = route(space, path);
    if (open && engine) return engine(call(rest, token ?? root));
    const wrapping = path.startsWith("sys/wrapping/");
    if (!token) return wrapping ? notWrapping : denied;
    if (wrapping && token.wrapped) return system(call(path.slice(4), token));
    if (path.startsWith("sys/namespaces/") && token === root) {
      spaces.set(path.slice("sys/namespaces/".length), newSpace());
      return { status: 200, data: { path: `${path.slice("sys/namespaces/".length)}/` } };
    }
    if (!path.startsWith("sys/internal/ui/mounts/") && !allows(space, token, path, method)) return denied;
    return engine
      ? engine(call(rest, token))
      : { ...nothing, errors: [`no handler for route "${path}". route entry not found.`] };
  }

  const listener = await (options.socketPath === undefined
    ? listening(server, secure)
    : onSocket(server, options.socketPath));
  return Object.assign(fake, { url: listener.url, close: () => listener.close() });
}

/** Who answers for a path, the rest of the path, and whether it is a login. */
function route(space: Space, path: string): [Engine | undefined, string, boolean] {
  if (path.startsWith("sys/")) return [system, path.slice(4), false];
  if (path.startsWith("auth/token/")) return [tokens, path.slice(11), false];
  if (path.startsWith("auth/")) {
    const [, mount = "", ...rest] = path.split("/");
    return [space.methods.get(mount), rest.join("/"), rest[0] === "login"];
  }
  const mount = [...space.mounts.keys()].find((at) => path.startsWith(`${at}/`));
  return mount === undefined
    ? [undefined, path, false]
    : [space.mounts.get(mount)?.engine, path.slice(mount.length + 1), false];
}

function write(response: ServerResponse, reply: Reply, wrap?: Json): void {
  const { status, data, auth, lease, errors } = reply;
  const body = errors
    ? { errors }
    : {
        request_id: "00000000-0000-0000-0000-000000000000",
        lease_id: lease?.id ?? "",
        renewable: lease?.renewable ?? false,
        lease_duration: Math.round((lease?.durationMs ?? 0) / 1000),
        data: data ?? null,
        wrap_info: wrap ?? null,
        warnings: null,
        auth: auth ?? null,
      };
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(status === 204 ? undefined : JSON.stringify(body));
}

function misbehave(answer: VaultFault["answer"], response: ServerResponse): void {
  if (answer === "hang") return;
  if (answer === "reset") {
    response.destroy();
    return;
  }
  if (answer !== "endless") {
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end(answer.body ?? JSON.stringify({ errors: ["as the test wants it"] }));
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  const more = (): void => {
    while (!response.destroyed && response.write("x".repeat(65_536)));
  };
  response.on("drain", more);
  more();
}

async function onSocket(server: Server, path: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  return {
    url: `unix://${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

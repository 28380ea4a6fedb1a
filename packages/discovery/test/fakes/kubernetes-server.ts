import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { testServer } from "@otlpkit/testkit/node";
import type { EndpointSlice } from "../../src/kubernetes/endpoint-slice.ts";

/** A slice with what the API server keeps of it. */
export interface StoredSlice extends EndpointSlice {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** What is asked for. */
export type Verb = "list" | "watch";

/** An API server, played: EndpointSlices, list and watch. */
export interface FakeKubernetes {
  readonly url: string;
  readonly port: number;
  /** What was asked, as "list ?limit=…", in order. */
  readonly questions: readonly string[];
  /** Those who may ask. Default: "token-1". */
  readonly tokens: Set<string>;
  /** What they may do. Default: both. */
  readonly verbs: Set<Verb>;
  put(namespace: string, slice: StoredSlice): void;
  remove(namespace: string, name: string): void;
  /** The next questions are answered with a status. */
  fail(verb: Verb, status: number, headers?: Readonly<Record<string, string>>, times?: number): void;
  /** History before now is given up: lists that are being paged, and watches that begin before. */
  expire(): void;
  /** How a watch that begins too early is told: by the status, or by an event after 200. */
  goneBy(how: "status" | "event"): void;
  /** Tells all watches how far they are. */
  bookmark(): void;
  /** An event of any kind to all watches, as it is. */
  send(event: unknown): void;
  /** Ends all watches, as when their time is over. */
  endWatches(): void;
  /** From now on answers are sent in pieces of so many bytes. */
  pieces(bytes: number): void;
  readonly openWatches: number;
  restart(): Promise<void>;
  close(): Promise<void>;
}

interface Change {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly namespace: string;
  readonly slice: StoredSlice;
}

interface Watch {
  readonly response: ServerResponse;
  readonly namespace: string;
  readonly selector: string;
}

export async function fakeKubernetes(): Promise<FakeKubernetes> {
  const slices = new Map<string, { readonly namespace: string; readonly slice: StoredSlice }>();
  const history: Change[] = [];
  const watches = new Set<Watch>();
  const sockets = new Set<Socket>();
  const questions: string[] = [];
  const tokens = new Set(["token-1"]);
  const verbs = new Set<Verb>(["list", "watch"]);
  const failures: { verb: Verb; status: number; headers: Readonly<Record<string, string>>; times: number }[] = [];
  let version = 100;
  let oldest = 0;
  let how: "status" | "event" = "event";
  let pieceBytes = Infinity;
  let port = 0;
  let server: Server | undefined;

  const matches = (slice: StoredSlice, selector: string): boolean =>
    selector.split(",").every((part) => {
      const [name = "", value] = part.split("=");
      return part === "" || slice.metadata.labels?.[name] === value;
    });
  const write = (response: ServerResponse, text: string): void => {
    const all = Buffer.from(text);
    for (let at = 0; at < all.byteLength; at += pieceBytes) {
      response.write(all.subarray(at, Math.min(all.byteLength, at + pieceBytes)));
      if (pieceBytes === Infinity) return;
    }
  };
  const sendEvent = ({ response }: Watch, event: unknown): void => write(response, `${JSON.stringify(event)}\n`);
  const status = (code: number, reason: string): object => ({ kind: "Status", apiVersion: "v1", code, reason });
  const answer = (
    response: ServerResponse,
    code: number,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): void => {
    response.writeHead(code, { "content-type": "application/json", ...headers });
    write(response, JSON.stringify(body));
    response.end();
  };

  const change = (type: Change["type"], namespace: string, slice: StoredSlice): void => {
    version++;
    const stored = { ...slice, metadata: { ...slice.metadata, namespace, resourceVersion: String(version) } };
    if (type === "DELETED") slices.delete(`${namespace}/${slice.metadata.name}`);
    else slices.set(`${namespace}/${slice.metadata.name}`, { namespace, slice: stored });
    history.push({ version, type, namespace, slice: stored });
    for (const watch of watches) {
      if (watch.namespace === namespace && matches(stored, watch.selector)) sendEvent(watch, { type, object: stored });
    }
  };
  const put = (namespace: string, slice: StoredSlice): void =>
    change(slices.has(`${namespace}/${slice.metadata.name}`) ? "MODIFIED" : "ADDED", namespace, slice);
  const remove = (namespace: string, name: string): void => {
    const found = slices.get(`${namespace}/${name}`);
    if (found !== undefined) change("DELETED", namespace, found.slice);
  };

  function list(response: ServerResponse, namespace: string, query: URLSearchParams): void {
    const all = [...slices.values()]
      .filter((each) => each.namespace === namespace && matches(each.slice, query.get("labelSelector") ?? ""))
      .map(({ slice }) => slice)
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const [since, after = ""] = (query.get("continue") ?? `${version}`).split("/");
    if (Number(since) < oldest) return answer(response, 410, status(410, "Expired"));
    const rest = all.filter(({ metadata }) => metadata.name > after);
    const items = rest.slice(0, Number(query.get("limit") ?? Infinity));
    const more = items.length < rest.length ? { continue: `${since}/${items.at(-1)?.metadata.name}` } : {};
    const metadata = { resourceVersion: since, ...more };
    answer(response, 200, { kind: "EndpointSliceList", apiVersion: "discovery.k8s.io/v1", metadata, items });
  }

  function watch(response: ServerResponse, namespace: string, query: URLSearchParams): void {
    const from = Number(query.get("resourceVersion") ?? version);
    if (from < oldest && how === "status") return answer(response, 410, status(410, "Expired"));
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const begun: Watch = { response, namespace, selector: query.get("labelSelector") ?? "" };
    if (from < oldest) {
      sendEvent(begun, { type: "ERROR", object: status(410, "Expired") });
      return void response.end();
    }
    watches.add(begun);
    response.once("close", () => watches.delete(begun));
    for (const past of history) {
      if (past.version <= from || past.namespace !== namespace || !matches(past.slice, begun.selector)) continue;
      sendEvent(begun, { type: past.type, object: past.slice });
    }
    const seconds = Number(query.get("timeoutSeconds") ?? 60);
    const timer = setTimeout(() => response.end(), seconds * 1000);
    response.once("close", () => clearTimeout(timer));
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? "/", "https://fake");
    const [, namespace = "", name] =
      /^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/([^/]+)\/endpointslices(?:\/(.+))?$/.exec(pathname) ?? [];
    response.on("error", () => {});
    if (namespace === "" || name !== undefined) return answer(response, 404, status(404, "NotFound"));
    const verb: Verb = searchParams.get("watch") === "1" ? "watch" : "list";
    questions.push(`${verb} ?${searchParams}`);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const index = failures.findIndex((failure) => failure.verb === verb);
    const failure = failures[index];
    if (failure !== undefined) {
      if (--failure.times <= 0) failures.splice(index, 1);
      return answer(response, failure.status, status(failure.status, "Told"), failure.headers);
    }
    if (!tokens.has(token)) return answer(response, 401, status(401, "Unauthorized"));
    if (!verbs.has(verb)) return answer(response, 403, status(403, "Forbidden"));
    if (verb === "list") list(response, namespace, searchParams);
    else watch(response, namespace, searchParams);
  }

  async function start(): Promise<void> {
    const started = createServer({ ...testServer }, onRequest);
    server = started;
    started.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    started.on("tlsClientError", () => {});
    await new Promise<void>((resolve, reject) => {
      started.once("error", reject);
      started.listen(port, "127.0.0.1", resolve);
    });
    port = (started.address() as AddressInfo).port;
  }
  async function close(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = new Promise<void>((resolve) => void closing.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await start();
  return {
    get url() {
      return `https://127.0.0.1:${port}`;
    },
    get port() {
      return port;
    },
    get openWatches() {
      return watches.size;
    },
    questions,
    tokens,
    verbs,
    put,
    remove,
    fail: (verb, code, headers = {}, times = 1) => void failures.push({ verb, status: code, headers, times }),
    expire() {
      // Something has happened elsewhere meanwhile, or now would be no later than before.
      version++;
      oldest = version;
    },
    goneBy: (way) => void (how = way),
    bookmark() {
      const object = { kind: "EndpointSlice", metadata: { resourceVersion: String(version) } };
      for (const each of watches) sendEvent(each, { type: "BOOKMARK", object });
    },
    send(event) {
      for (const each of watches) sendEvent(each, event);
    },
    endWatches() {
      for (const { response } of watches) response.end();
    },
    pieces: (bytes) => void (pieceBytes = bytes),
    async restart() {
      await close();
      await start();
    },
    close,
  };
}

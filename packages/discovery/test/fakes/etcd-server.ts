import type { IncomingHttpHeaders, Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { createSecureServer, createServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { testAuthority, testServer } from "@otlpkit/testkit/node";
import { framed, frames } from "../../src/etcd/frames.ts";
import * as messages from "../../src/etcd/messages.ts";
import { type EtcdStore, etcdStore } from "./etcd-store.ts";

/** How the fake is started. */
export interface FakeEtcdOptions {
  /** The store of another member. */
  readonly store?: EtcdStore;
  /** TLS, with the certificates of the test kit; clients need one too. */
  readonly mutualTls?: boolean;
  /** Who may ask, when not everybody may. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** A member of a cluster, played: the calls that finding and registering take. */
export interface FakeEtcd {
  readonly url: string;
  readonly port: number;
  readonly store: EtcdStore;
  /** Paths of the calls made, in order. */
  readonly calls: readonly string[];
  /** Messages of watches hold no more events than this, and come one after the other; those of a revision as fragments. */
  fragmentEvents(count: number): void;
  /** The next calls of a path are answered with a status. */
  fail(path: string, status: number, message: string, times?: number): void;
  /** All tokens given so far are over. */
  expireTokens(): void;
  /** The member has lost the others: watches that asked for a leader end, calls fail. */
  leaderless(yes: boolean): void;
  /** Tells all watches how far they are. */
  progress(): void;
  /** Sends bytes that are no message to all watches. */
  nonsense(): void;
  readonly openStreams: number;
  /** The process ends and is started again. What is in the store stays. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

interface Watcher {
  readonly stream: ServerHttp2Stream;
  readonly create: messages.WatchCreateRequest;
  next: bigint;
}

export async function fakeEtcd(options: FakeEtcdOptions = {}): Promise<FakeEtcd> {
  const store = options.store ?? etcdStore();
  const calls: string[] = [];
  const failures: { path: string; status: number; message: string; times: number }[] = [];
  const watchers = new Set<Watcher>();
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const tokens = new Set<string>();
  let fragmentEvents = Infinity;
  let leaderless = false;
  let port = 0;
  let server: Http2Server | undefined;

  const refuse = (stream: ServerHttp2Stream, status: number, message: string): void => {
    const trailers = { "grpc-status": String(status), "grpc-message": encodeURIComponent(message) };
    if (stream.destroyed) return;
    if (!stream.headersSent) {
      stream.respond({ ":status": 200, "content-type": "application/grpc", ...trailers }, { endStream: true });
      return;
    }
    stream.once("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end();
  };
  const begin = (stream: ServerHttp2Stream): void => {
    if (!stream.headersSent) {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    }
  };
  function answer<Response>(
    stream: ServerHttp2Stream,
    { response }: messages.Method<unknown, Response>,
    value: Partial<Response>,
  ): void {
    if (stream.destroyed) return;
    begin(stream);
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(framed(response.encode(value)));
  }
  const tell = ({ stream }: Watcher, value: Partial<messages.WatchResponse>): void => {
    if (stream.destroyed) return;
    begin(stream);
    stream.write(framed(messages.watch.response.encode({ header: store.header, ...value })));
  };

  const advance = (watcher: Watcher): void => {
    const events = [...store.since(watcher.next, watcher.create.key, watcher.create.rangeEnd)];
    if (store.header.revision >= watcher.next) watcher.next = store.header.revision + 1n;
    const next = (): void => {
      const some = events.splice(0, fragmentEvents);
      if (some.length === 0) return;
      tell(watcher, { events: some, fragment: events.length > 0 && watcher.create.fragment });
      if (events.length > 0) setTimeout(next, 20);
    };
    next();
  };
  store.onChange = ((before) => () => {
    before();
    for (const watcher of watchers) advance(watcher);
  })(store.onChange);

  const startWatch = (stream: ServerHttp2Stream, create: messages.WatchCreateRequest, permitted: boolean): void => {
    const { header, compactRevision } = store;
    const next = create.startRevision === 0n ? header.revision + 1n : create.startRevision;
    const watcher: Watcher = { stream, create, next };
    // As 3.4 does; later ones give the reason.
    if (!permitted)
      return tell(watcher, { created: true, canceled: true, cancelReason: "etcdserver: permission denied" });
    tell(watcher, { created: true });
    if (next <= compactRevision && compactRevision > 0n) return tell(watcher, { canceled: true, compactRevision });
    watchers.add(watcher);
    stream.once("close", () => watchers.delete(watcher));
    advance(watcher);
  };

  /** One request of a call, answered. */
  const handle = (stream: ServerHttp2Stream, path: string, body: Uint8Array, headers: IncomingHttpHeaders): void => {
    const token = String(headers["token"] ?? "");
    const known = options.user === undefined || tokens.has(token);
    if (path === messages.authenticate.path) {
      const { name, password } = messages.authenticate.request.decode(body);
      if (options.user === undefined) return refuse(stream, 9, "etcdserver: authentication is not enabled");
      if (name !== options.user.name || password !== options.user.password) {
        return refuse(stream, 3, "etcdserver: authentication failed, invalid user ID or password");
      }
      const given = `${name}.${tokens.size + 1}.${store.header.revision}.${calls.length}`;
      tokens.add(given);
      return answer(stream, messages.authenticate, { header: store.header, token: given });
    }
    if (path === messages.watch.path) {
      const { create } = messages.watch.request.decode(body);
      if (create !== undefined) startWatch(stream, create, known);
      return;
    }
    if (!known && token === "") return refuse(stream, 3, "etcdserver: user name is empty");
    if (!known) return refuse(stream, 16, "etcdserver: invalid auth token");
    const done = { header: store.header };
    switch (path) {
      case messages.range.path: {
        const found = store.range(messages.range.request.decode(body));
        if (found === "compacted") return refuse(stream, 11, "etcdserver: mvcc: required revision has been compacted");
        if (found === "future") return refuse(stream, 11, "etcdserver: mvcc: required revision is a future revision");
        return answer(stream, messages.range, found);
      }
      case messages.put.path: {
        const { key, value, lease } = messages.put.request.decode(body);
        if (!store.put(key, value, lease)) return refuse(stream, 5, "etcdserver: requested lease not found");
        return answer(stream, messages.put, { header: store.header });
      }
      case messages.deleteRange.path: {
        const { key, rangeEnd } = messages.deleteRange.request.decode(body);
        store.deleteRange(key, rangeEnd);
        return answer(stream, messages.deleteRange, { header: store.header });
      }
      case messages.compact.path:
        store.compact();
        return answer(stream, messages.compact, done);
      case messages.leaseGrant.path: {
        const lease = store.grant(messages.leaseGrant.request.decode(body).ttlSeconds);
        return answer(stream, messages.leaseGrant, { ...done, ...lease });
      }
      case messages.leaseRevoke.path: {
        const revoked = store.revoke(messages.leaseRevoke.request.decode(body).id);
        if (!revoked) return refuse(stream, 5, "etcdserver: requested lease not found");
        return answer(stream, messages.leaseRevoke, { header: store.header });
      }
      case messages.leaseKeepAlive.path: {
        const { id } = messages.leaseKeepAlive.request.decode(body);
        return answer(stream, messages.leaseKeepAlive, { ...done, id, ttlSeconds: store.keepAlive(id) });
      }
      default:
        return refuse(stream, 12, `unknown service ${path}`);
    }
  };

  const onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    const path = String(headers[":path"]);
    calls.push(path);
    stream.on("error", () => {});
    const index = failures.findIndex((failure) => failure.path === path);
    const failure = failures[index];
    if (failure !== undefined) {
      if (--failure.times <= 0) failures.splice(index, 1);
      return refuse(stream, failure.status, failure.message);
    }
    if (leaderless) return refuse(stream, 14, "etcdserver: no leader");
    const cut = frames(1 << 20);
    stream.on("data", (piece: Buffer) => {
      for (const message of cut(piece)) handle(stream, path, message, headers);
    });
  };

  async function start(): Promise<void> {
    const started = options.mutualTls
      ? createSecureServer({ ...testServer, ca: testAuthority, requestCert: true, rejectUnauthorized: true })
      : createServer();
    server = started;
    started.on("stream", onStream);
    started.on("session", (session: ServerHttp2Session) => {
      sessions.add(session);
      session.on("error", () => {});
      session.once("close", () => sessions.delete(session));
    });
    // Also those that never get as far as a session.
    started.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    started.on("sessionError", () => {});
    started.on("tlsClientError", () => {});
    await new Promise<void>((resolve, reject) => {
      started.once("error", reject);
      started.listen(port, "127.0.0.1", resolve);
    });
    port = (started.address() as AddressInfo).port;
  }
  async function stop(): Promise<void> {
    const stopping = server;
    server = undefined;
    if (stopping === undefined) return;
    const closed = new Promise<void>((resolve) => void stopping.close(() => resolve()));
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await start();
  return {
    get url() {
      return `${options.mutualTls ? "https" : "http"}://127.0.0.1:${port}`;
    },
    get port() {
      return port;
    },
    get openStreams() {
      return watchers.size;
    },
    store,
    calls,
    fragmentEvents: (count) => void (fragmentEvents = count),
    fail: (path, status, message, times = 1) => void failures.push({ path, status, message, times }),
    expireTokens: () => tokens.clear(),
    leaderless(yes) {
      leaderless = yes;
      if (yes) for (const { stream } of watchers) refuse(stream, 14, "etcdserver: no leader");
    },
    progress() {
      for (const watcher of watchers) tell(watcher, {});
    },
    nonsense() {
      for (const { stream } of watchers) stream.write(framed(Uint8Array.of(0xff, 0xff, 0xff)));
    },
    async restart() {
      await stop();
      await start();
    },
    stop,
    async close() {
      await stop();
      store.close();
    },
  };
}
